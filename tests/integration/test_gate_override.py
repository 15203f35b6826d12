"""Overrides: a person lets a failed check pass, and the reason is kept."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import psycopg
import pytest
from gate_support import BATCHES, MONTHS, change, fill, rows, status_of

from service_index.orchestration.overriding import override_check
from service_index.quality.gate import run_batch_gate, run_marts_gate
from service_index.quality.override import OverrideError, latest_batch_gate, override
from service_index.quality.results import GateError, GateResult

BECAUSE = {"because": "the source confirmed it", "by": "an engineer"}


@pytest.fixture
def refused(warehouse: psycopg.Connection, warehouse_dsn: str, tmp_path: Path) -> GateResult:
    """Dossiers fail two checks, petitions one of the same name."""
    fill(warehouse, "gate_batches.sql")
    change(warehouse, "update raw.dossiers set unit_code = 'X9', state = 11 where dossier_id='H12'")
    change(warehouse, "update raw.petitions set unit_code = 'X9' where petition_id = 'K1'")
    result = run_batch_gate(warehouse_dsn, BATCHES, tmp_path)
    assert result.refused == (3, 5)
    return result


def test_batches_pass_when_no_failed_check_is_left(
    refused: GateResult, warehouse: psycopg.Connection
) -> None:
    first = override(
        warehouse,
        refused.gate_run_id,
        ["raw_dossiers.unit_is_known", "state_is_allowed"],
        **BECAUSE,
    )
    assert first.still_failing == ("raw_petitions.unit_is_known",)
    assert (first.is_clear, first.released_batches) == (False, ())
    assert status_of(warehouse)[3] == "refused"

    second = override(warehouse, refused.gate_run_id, ["unit_is_known"], **BECAUSE)
    assert (second.is_clear, second.released_batches) == (True, (3, 5))
    assert set(status_of(warehouse).values()) == {"passed"}
    assert rows(warehouse, "select status from ops.gate_run") == [{"status": "passed"}]
    kept = rows(warehouse, "select passed, overridden_because from ops.check where not passed")
    assert len(kept) == 3
    for check in kept:
        assert check["overridden_because"].startswith("the source confirmed it (an engineer, 20")


def test_every_failed_check_at_once(refused: GateResult, warehouse: psycopg.Connection) -> None:
    done = override(warehouse, refused.gate_run_id, None, **BECAUSE)
    assert len(done.checks) == 3
    assert done.released_batches == (3, 5)


def test_the_last_gate_of_a_batch(refused: GateResult, warehouse: psycopg.Connection) -> None:
    assert latest_batch_gate(warehouse, 3) == refused.gate_run_id
    with pytest.raises(OverrideError, match="batch 99 has not been through a gate"):
        latest_batch_gate(warehouse, 99)


def test_a_month_goes_on_with_a_named_reason(
    refused: GateResult, warehouse: psycopg.Connection
) -> None:
    month = date(2025, 3, 1)
    for check in ("state_is_allowed", "raw_dossiers.unit_is_known", "raw_petitions.unit_is_known"):
        assert override_check(warehouse, month, check, "known") == [refused.gate_run_id]
    assert set(status_of(warehouse).values()) == {"passed"}
    with pytest.raises(OverrideError, match="no failed check 'state_is_allowed' holds 2025-03 up"):
        override_check(warehouse, month, "state_is_allowed", "known")


def test_the_page_tells_the_word_beside_all_it_told_before(
    warehouse: psycopg.Connection, warehouse_dsn: str, tmp_path: Path
) -> None:
    fill(warehouse, "gate_batches.sql")
    change(
        warehouse,
        "insert into quarantine.record (feed, batch_id, landed_file, landed_line, landed_at, "
        "rule, reason, is_retryable, body) select feed, batch_id, landed_path, 1, landed_at, "
        "'bad_date', 'no such day', false, '{}' from ops.batch where feed = 'dossiers'",
    )
    change(warehouse, "update raw.dossiers set state = 11 where dossier_id = 'H12'")
    result = run_batch_gate(warehouse_dsn, BATCHES, tmp_path)
    before = result.report_path.read_text(encoding="utf-8")
    override(warehouse, result.gate_run_id, None, **BECAUSE)
    after = result.report_path.read_text(encoding="utf-8")
    for page in (before, after):
        assert "bad_date" in page
    assert BECAUSE["because"] in after


@pytest.mark.parametrize(
    ("names", "because", "by", "message"),
    [
        (["unit_is_known"], "x", "y", "ambiguous: say raw_dossiers.unit_is_known or raw_petitions"),
        (["key_is_not_blank"], "x", "y", "no failed check is called key_is_not_blank"),
        (["state_is_allowed"], " ", "y", "needs a reason and a person"),
        (["state_is_allowed"], "x", "", "needs a reason and a person"),
    ],
)
def test_what_is_not_overridden(
    names: list[str],
    because: str,
    by: str,
    message: str,
    refused: GateResult,
    warehouse: psycopg.Connection,
) -> None:
    with pytest.raises(OverrideError, match=message):
        override(warehouse, refused.gate_run_id, names, because=because, by=by)
    assert rows(warehouse, "select from ops.check where overridden_because is not null") == []


def test_a_run_that_broke_or_passed_has_nothing_to_override(
    refused: GateResult, warehouse: psycopg.Connection, warehouse_dsn: str, tmp_path: Path
) -> None:
    passed = run_batch_gate(warehouse_dsn, [6], tmp_path)
    with pytest.raises(OverrideError, match="no failed check to override"):
        override(warehouse, passed.gate_run_id, None, **BECAUSE)
    change(warehouse, "alter table raw.ratings drop column satisfaction")
    with pytest.raises(GateError):
        run_batch_gate(warehouse_dsn, [6], tmp_path)
    with pytest.raises(OverrideError, match="broke, so nothing was checked"):
        override(warehouse, passed.gate_run_id + 1, None, **BECAUSE)
    with pytest.raises(OverrideError, match="there is no gate run 99"):
        override(warehouse, 99, None, **BECAUSE)


def test_a_later_run_has_the_last_word(
    refused: GateResult, warehouse: psycopg.Connection, warehouse_dsn: str, tmp_path: Path
) -> None:
    later = run_batch_gate(warehouse_dsn, [5], tmp_path)
    assert later.refused == (5,)
    assert override(warehouse, refused.gate_run_id, None, **BECAUSE).released_batches == (3,)
    assert status_of(warehouse)[5] == "refused"


def test_the_marts_pass_by_override(
    warehouse: psycopg.Connection, warehouse_dsn: str, tmp_path: Path
) -> None:
    fill(warehouse, "gate_marts.sql")
    change(warehouse, "update marts.mart_dossier_balance set stopped = 1 where unit_code = 'X3'")
    result = run_marts_gate(warehouse_dsn, MONTHS, tmp_path)
    done = override(warehouse, result.gate_run_id, ["balance_closes"], **BECAUSE)
    assert (done.is_clear, done.released_batches) == (True, ())
    assert rows(warehouse, "select status from ops.gate_run") == [{"status": "passed"}]
