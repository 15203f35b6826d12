"""Marts as they were known at an instant, and releases made again from raw."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import psycopg
import pytest
from late_batch import FEEDS

from service_index.orchestration import as_of, stages
from service_index.orchestration.dbt_build import TransformError
from service_index.orchestration.transform import transform
from service_index.warehouse import access
from simulator.server import SampleSource
from tests.pipeline import Pipeline, open_pipeline, own_dbt_project
from tests.warehouses import fresh_warehouse

MARCH = date(2025, 3, 1)


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A dbt project of the module's own, for the tests change it."""
    with own_dbt_project(tmp_path_factory.mktemp("project")) as own:
        yield own


@pytest.fixture(scope="module")
def revised(
    project: Path, postgres_server: str, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[Pipeline, datetime]]:
    """March published, and published again after a late batch; the instant between."""
    home = tmp_path_factory.mktemp("as-of")
    with (
        pytest.MonkeyPatch.context() as patch,
        fresh_warehouse(postgres_server) as dsn,
        SampleSource.from_records(FEEDS) as source,
    ):
        pipeline = open_pipeline(patch, home, dsn, source.connection_uri)
        pipeline.ingest("2025-03-01", "2025-04-01")
        pipeline.score("2025-03")
        assert pipeline.publish("2025-03")["release_id"] == "2025-03.r1"
        between = datetime.now(UTC)
        pipeline.ingest("2025-04-01", "2025-04-10")
        pipeline.score("2025-03")
        assert pipeline.publish("2025-03")["release_id"] == "2025-03.r2"
        yield pipeline, between


def rebuild(release_id: str) -> as_of.Rebuild:
    with stages.open_warehouse() as (connection, dsn, loaded):
        return as_of.rebuild(connection, dsn, loaded, release_id)


def scores(connection: psycopg.Connection, relation: str, condition: str) -> list[object]:
    return connection.execute(
        "select unit_code, criterion_code, numerator, denominator, score "
        f"from {relation} where {condition} order by unit_code, criterion_code"
    ).fetchall()


def test_marts_of_an_instant_stand_beside_the_live_ones(
    revised: tuple[Pipeline, datetime],
) -> None:
    pipeline, between = revised
    live = pipeline.fingerprints()
    with stages.open_warehouse() as (connection, dsn, loaded):
        as_of.build(connection, dsn, loaded, between, month=MARCH)
        then = scores(connection, "as_of_marts.fct_criterion_score", f"period_month = '{MARCH}'")
        first, second = (
            scores(connection, "published.criterion_score", f"release_id = '2025-03.{revision}'")
            for revision in ("r1", "r2")
        )
        cutoff = connection.execute("select data_cutoff from as_of_intermediate.int_data_cutoff")
        assert cutoff.fetchone() == (datetime(2025, 3, 31, 17, tzinfo=UTC),)
    assert then == first != second
    assert pipeline.fingerprints() == live


def test_nothing_was_known_before_the_first_landing(revised: tuple[Pipeline, datetime]) -> None:
    with (
        stages.open_warehouse() as (connection, dsn, loaded),
        pytest.raises(as_of.AsOfError, match="nothing that passed its gate had been landed by"),
    ):
        as_of.build(connection, dsn, loaded, datetime.now(UTC) - timedelta(days=30))


@pytest.mark.parametrize("release_id", ["2025-03.r1", "2025-03.r2"])
def test_a_release_is_made_again_by_the_project_that_made_it(
    revised: tuple[Pipeline, datetime], project: Path, release_id: str
) -> None:
    criteria = project / "seeds" / "criteria.csv"
    kept = criteria.read_bytes()
    try:
        # Another catalogue today: the release stays what the one of its day made it.
        criteria.write_bytes(kept.replace(b",20,", b",19,"))
        assert criteria.read_bytes() != kept
        rebuilt = rebuild(release_id)
    finally:
        criteria.write_bytes(kept)
    assert (rebuilt.is_equal, rebuilt.differences) == (True, [])
    assert (rebuilt.by_own_project, rebuilt.other_batches) == (True, [])


def test_a_record_that_was_tampered_with_shows(revised: tuple[Pipeline, datetime]) -> None:
    pipeline, _ = revised
    late = "update raw.dossiers set finished_at = finished_at + interval '{}' where dossier_id"
    with pipeline.connect() as connection:
        connection.execute(late.format("7 days") + " = 'H1'")
        connection.commit()
        rebuilt = rebuild("2025-03.r1")
        connection.execute(late.format("-7 days") + " = 'H1'")
        connection.commit()
    assert not rebuilt.is_equal
    assert ("unit_code=X1, criterion_code=05", "numerator", "60", "59") in [
        (one.key, one.column_name, one.old_value, one.new_value) for one in rebuilt.differences
    ]
    assert all("X2" not in one.key for one in rebuilt.differences)
    with pytest.raises(LookupError, match=r"there is no release 2025-03\.r9"):
        rebuild("2025-03.r9")


@pytest.mark.fault(13, "a transform loses its lock to another one in mid-run")
def test_a_run_that_another_took_over_from_writes_no_more(
    revised: tuple[Pipeline, datetime],
) -> None:
    pipeline, _ = revised
    taken_over: list[str] = []

    def take_over(result: object) -> None:
        if not taken_over:
            taken_over.append("once")
            with pipeline.connect() as other:
                other.execute(
                    "update ops.transform_run set status = 'failed' where status = 'running'"
                )

    live = pipeline.fingerprints()
    with (
        stages.open_warehouse(access.TRANSFORMER) as (connection, dsn, loaded),
        pytest.raises(TransformError, match="another run has taken over from transform"),
    ):
        transform(connection, dsn, loaded, full_refresh=True, on_model=take_over)
    assert taken_over
    stages.transform()
    assert pipeline.fingerprints() == live
