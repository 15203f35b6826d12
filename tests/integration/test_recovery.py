"""A warehouse restored from its backup, and one made again from the landing alone."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from late_batch import FEEDS
from test_pipeline_revision import folder_sha256

from service_index.orchestration import as_of, recovery, stages
from service_index.publishing.verification import verify
from service_index.warehouse.dump import DumpError
from simulator import national_scores
from simulator.server import SampleSource
from tests.pipeline import Pipeline, open_pipeline
from tests.warehouses import fresh_warehouse

# The ledger's ids and the clock of the load are the delivery's, not the numbers'.
RELEASES = "select release_id, status, content_sha256, is_current from published.release order by 1"


@pytest.fixture(scope="module")
def published(
    postgres_server: str, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[Pipeline, str]]:
    """March published and revised after a late batch; the source's address."""
    from service_index.orchestration import national

    with (
        pytest.MonkeyPatch.context() as patch,
        fresh_warehouse(postgres_server) as dsn,
        SampleSource.from_records(FEEDS, national=national_scores.rows_by_month()) as source,
    ):
        patch.setenv("AIRFLOW_CONN_NATIONAL_PORTAL", source.national_portal_uri)
        home = tmp_path_factory.mktemp("published")
        pipeline = open_pipeline(patch, home, dsn, source.connection_uri)
        national.land("2025-03", skip_landed=False, required=True)
        national.load("2025-03")
        for first, after_last in (("2025-03-01", "2025-04-01"), ("2025-04-01", "2025-04-10")):
            pipeline.ingest(first, after_last)
            pipeline.score("2025-03")
            pipeline.publish("2025-03")
        yield pipeline, source.connection_uri


@pytest.fixture
def elsewhere(
    published: tuple[Pipeline, str],
    postgres_server: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> Iterator[Pipeline]:
    """An installation with nothing in it; the stages work on it."""
    with fresh_warehouse(postgres_server) as dsn:
        yield open_pipeline(monkeypatch, tmp_path / "elsewhere", dsn, published[1])


def releases(pipeline: Pipeline) -> list[tuple[object, ...]]:
    with pipeline.connect() as connection:
        return connection.execute(RELEASES).fetchall()


def backup_of(pipeline: Pipeline, folder: Path) -> Path:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("SERVICE_INDEX_HOME", str(pipeline.home))
        patch.setenv("AIRFLOW_CONN_WAREHOUSE", pipeline.dsn)
        recovery.backup(folder)
    return folder


def test_a_restored_installation_is_the_one_that_was_backed_up(
    published: tuple[Pipeline, str], elsewhere: Pipeline, tmp_path: Path
) -> None:
    original, _ = published
    folder = backup_of(original, tmp_path / "backup")
    assert not (folder / "warehouse.dump").stat().st_mode & 0o077
    recovery.restore(folder)
    assert elsewhere.fingerprints() == original.fingerprints()
    assert releases(elsewhere) == releases(original) != []
    for name in ("landing", "releases"):
        assert folder_sha256(elsewhere.home / name) == folder_sha256(original.home / name)
    with stages.open_warehouse() as (connection, dsn, loaded):
        connection.commit()
        for revision in ("r1", "r2"):
            folder = elsewhere.home / "releases" / "2025-03" / revision
            assert verify(connection, folder) == []
        assert as_of.rebuild(connection, dsn, loaded, "2025-03.r1").is_equal
    # It goes on where the other was: nothing is new.
    assert stages.load()["loaded"] == {}
    assert stages.transform("2025-03").transform_run_id is None
    assert elsewhere.publish("2025-03")["is_new"] is False


def test_a_restore_overwrites_nothing_and_goes_on_where_it_broke_off(
    published: tuple[Pipeline, str], elsewhere: Pipeline, tmp_path: Path
) -> None:
    original, _ = published
    folder = backup_of(original, tmp_path / "backup")
    with pytest.raises(recovery.RecoveryError, match=r"holds no backup: there is no warehouse"):
        recovery.restore(tmp_path / "nowhere")

    foreign = elsewhere.home / "landing" / "dossiers" / "another" / "page-1.json"
    foreign.parent.mkdir(parents=True)
    foreign.write_text("[]")
    with pytest.raises(recovery.RecoveryError, match=r"page-1\.json is not the backup's"):
        recovery.restore(folder)
    shutil.rmtree(foreign.parents[1])

    (folder / "warehouse.dump").rename(folder / "kept")
    (folder / "warehouse.dump").write_bytes(b"PGDMP, torn")
    with pytest.raises(DumpError):
        recovery.restore(folder)
    (folder / "kept").replace(folder / "warehouse.dump")
    recovery.restore(folder)
    assert elsewhere.fingerprints() == original.fingerprints()
    with pytest.raises(DumpError, match="the warehouse holds data"):
        recovery.restore(folder)


def test_the_landing_alone_gives_the_same_marts_and_the_same_release(
    published: tuple[Pipeline, str], elsewhere: Pipeline
) -> None:
    original, _ = published
    shutil.copytree(original.home / "landing", elsewhere.home / "landing")
    recovery.reload_landing()
    elsewhere.score("2025-03")
    live, again = original.marts(), elsewhere.marts()
    assert again == live
    assert elsewhere.publish("2025-03")["release_id"] == "2025-03.r1"
    (published_again,) = releases(elsewhere)
    assert published_again[2] == releases(original)[-1][2]
    recovery.reload_landing()
    assert stages.transform("2025-03").transform_run_id is None
