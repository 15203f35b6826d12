"""A late batch for a published month, from HTTP to the next revision and its notice."""

from __future__ import annotations

import hashlib
from datetime import UTC, date, datetime
from pathlib import Path

import pytest
from late_batch import FEEDS, LATE, ON_TIME, PROCEDURE, TOO_LATE, UNITS

from simulator.server import SampleSource
from tests.oracle.calculate import calculate
from tests.oracle.policy import Policy
from tests.oracle.scores import CriterionScore
from tests.oracle.versions import Delivery
from tests.pipeline import Pipeline, open_pipeline

MARCH = date(2025, 3, 1)
CUTOFFS = (datetime(2025, 3, 31, 17, tzinfo=UTC), datetime(2025, 4, 9, 17, tzinfo=UTC))


@pytest.fixture
def pipeline(warehouse_dsn: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Pipeline:
    with SampleSource.from_records(FEEDS) as source:
        yield open_pipeline(monkeypatch, tmp_path, warehouse_dsn, source.connection_uri)


def expected(dossiers: list[dict[str, object]], cutoff: datetime) -> dict[str, CriterionScore]:
    deliveries = [
        Delivery("units", UNITS, cutoff),
        Delivery("procedures", [PROCEDURE], cutoff),
        Delivery("dossiers", dossiers, cutoff, cutoff),
    ]
    scores = calculate(deliveries, [MARCH], cutoff, Policy("ho-tich")).criterion_scores
    return {f"unit_code={s.unit_code}, criterion_code={s.criterion_code}": s for s in scores}


def folder_sha256(folder: Path) -> dict[str, str]:
    return {
        str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in folder.rglob("*")
        if path.is_file()
    }


@pytest.mark.fault(14, "dossiers of March that arrive in April")
def test_a_late_batch_makes_the_next_revision_with_its_changes_alone(pipeline: Pipeline) -> None:
    pipeline.ingest("2025-03-01", "2025-04-01")
    pipeline.score("2025-03")
    assert pipeline.publish("2025-03")["release_id"] == "2025-03.r1"
    first = pipeline.home / "releases" / "2025-03" / "r1"
    before = folder_sha256(first)
    assert len(before) > 20

    pipeline.ingest("2025-04-01", "2025-04-10")
    pipeline.score("2025-03")
    revised = pipeline.publish("2025-03")
    assert (revised["release_id"], revised["status"]) == ("2025-03.r2", "revised")
    assert folder_sha256(first) == before
    assert pipeline.publish("2025-03")["is_new"] is False

    old, new = expected(ON_TIME, CUTOFFS[0]), expected([*ON_TIME, *TOO_LATE], CUTOFFS[1])
    moved = {
        (key, column): (getattr(old[key], column), getattr(new[key], column))
        for key in old
        for column in ("numerator", "denominator", "rate", "score", "status")
        if getattr(old[key], column) != getattr(new[key], column)
    }
    assert ("unit_code=X1, criterion_code=05", "denominator") in moved
    with pipeline.connect() as connection:
        logged = {
            (key, column): (before, after, cause)
            for key, column, before, after, cause in connection.execute(
                "select key, column_name, old_value, new_value, cause from published.change "
                "where relation = 'criterion_score' and release_id = '2025-03.r2'"
            )
        }
    assert set(logged) == set(moved)
    for change, (was, now) in moved.items():
        if change[1] in {"numerator", "denominator"}:
            assert logged[change] == (str(was), str(now), "late_data")
    assert not any("unit_code=X2" in key for key, _ in logged)

    notice = (pipeline.home / "releases" / "2025-03" / "r2" / "NOTICE.txt").read_text("utf-8")
    assert f"Xã A: tiêu chí 05: 1,000 → 0,833, {LATE} hồ sơ đến muộn" in notice
    assert f"Xã A: criterion 05: 1.000 → 0.833, {LATE} late dossiers" in notice
    assert "Xã B" not in notice
    assert not (first / "NOTICE.txt").exists()
