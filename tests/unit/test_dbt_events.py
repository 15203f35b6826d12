"""Events of dbt's that nobody hears, and those that somebody does."""

from __future__ import annotations

import pytest
from dbt_common.events import event_manager_client as client
from dbt_common.events.base_types import EventLevel
from dbt_common.events.functions import fire_event
from dbt_common.events.types import Note, RetryExternalCall

from service_index.orchestration.dbt_events import heard_events_only


@pytest.mark.parametrize(
    ("log_level", "expected"),
    [("info", ["information"]), ("debug", ["information", "a statement"])],
)
def test_debug_events_are_for_a_log_that_wants_them(
    monkeypatch: pytest.MonkeyPatch, log_level: str, expected: list[str]
) -> None:
    monkeypatch.setenv("DBT_LOG_LEVEL_FILE", log_level)
    former = client.get_event_manager()
    told: list[str] = []
    with heard_events_only():
        client.add_callback_to_manager(lambda message: told.append(message.info.msg))
        fire_event(Note(msg="information"))
        fire_event(Note(msg="a statement"), level=EventLevel.DEBUG)
    client.cleanup_event_logger()
    assert told == expected
    assert client.get_event_manager() is former


def test_a_message_is_made_when_somebody_reads_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("DBT_LOG_LEVEL_FILE", raising=False)
    with heard_events_only():
        event = RetryExternalCall(attempt=1, max=2)
        assert "pb_msg" not in vars(event)
        assert event.message() == "Retrying external call. Attempt: 1 Max attempts: 2"
        assert event.to_dict() == {"attempt": 1, "max": 2}
        assert RetryExternalCall(attempt=3, max=4).attempt == 3
    assert "pb_msg" in vars(RetryExternalCall(attempt=1, max=2))


def test_an_event_that_is_lifted_to_a_level_that_is_heard_is_told() -> None:
    told: list[str] = []
    with heard_events_only():
        client.add_callback_to_manager(lambda message: told.append(message.info.msg))
        fire_event(RetryExternalCall(attempt=1, max=2), level=EventLevel.WARN)
    client.cleanup_event_logger()
    assert told == ["Retrying external call. Attempt: 1 Max attempts: 2"]
