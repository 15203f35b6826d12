"""What is tried again, and what of a failure is kept."""

from __future__ import annotations

import psycopg
import pytest
from airflow.sdk.exceptions import AirflowFailException

from service_index.orchestration import failures
from service_index.orchestration.stages import StageError


def test_a_refusal_is_final_and_still_told_by_its_own_words() -> None:
    with pytest.raises(AirflowFailException) as raised, failures.final():
        raise StageError("3 batches were refused")
    cause = failures.cause_of(raised.value)
    assert isinstance(cause, StageError)
    assert failures.public_reason(cause) == "3 batches were refused"


def test_what_breaks_is_tried_again() -> None:
    with pytest.raises(psycopg.OperationalError), failures.final():
        raise psycopg.OperationalError("the server closed the connection")


def test_a_reason_is_kept_with_and_without_the_words_of_the_database(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    class Instance:
        task_id = "load"

    monkeypatch.setattr(failures, "_reasons", [])
    error = psycopg.DataError("invalid input: Nguyễn Văn A")
    failures.remember({"task_instance": Instance(), "exception": error})
    told = failures.first()
    assert told is not None
    reason, public = told
    assert "Nguyễn Văn A" in reason
    assert "Nguyễn" not in public
    assert public.startswith("load: DataError")
