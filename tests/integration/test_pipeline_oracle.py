"""Hostile provinces through the real pipeline agree with the independent calculation, row by row.

Each province comes in phases: overlapping windows, repeated and spoilt records, units and
procedures after the dossiers that name them, procedures that change from snapshot to snapshot. The
marts are brought up to date in between, so what is compared is the incremental result; a full
refresh must then change nothing.
"""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import Phase as Stage
from hypothesis import given, settings

from service_index.landing.manifest import Manifest
from service_index.landing.store import LandingStore
from service_index.loading import request_window
from service_index.orchestration import connections, stages, transform
from service_index.settings import load
from service_index.sources.client import SourceClient
from service_index.sources.extract import extract_snapshot, extract_window
from service_index.sources.feeds import FEEDS
from service_index.warehouse.connection import connect
from tests.oracle.calculate import calculate
from tests.oracle.compare import compare, compare_form
from tests.oracle.form import calculate_form
from tests.oracle.generate import Phase, Province, generate, provinces
from tests.oracle.policy import Policy
from tests.oracle.versions import Delivery
from tests.phase_source import PhaseSource
from tests.pipeline import Pipeline, landing_at, open_pipeline
from tests.warehouses import fresh_warehouse

# After which phases the marts are brought up to date; after the others the raw rows pile up.
SCORED_AFTER = (1, 3, 4)
# Forms of whole periods, of the open one and of the year that has both; 34 ends with June.
PERIODS = ("2025Q1", "2025Q2", "2025H1", "2025Q3", "2025")
PROVINCES = ("33", "01")


@pytest.mark.fault(
    19,
    "generated provinces with merged, split and reused codes, against an independent calculation",
)
@pytest.mark.fault(15, "generated provinces: versions repeated, spoilt, shuffled")
@pytest.mark.fault(25, "generated provinces with ties")
@pytest.mark.parametrize("seed", [766, 2025, 33])
def test_the_marts_agree_with_the_oracle(seed: int, postgres_server: str, tmp_path: Path) -> None:
    _check(generate(seed), postgres_server, tmp_path)


# Few, because each costs as much as a day of the warehouse; the seeds of the many lie above.
@settings(max_examples=3, deadline=None, derandomize=True, phases=(Stage.explicit, Stage.generate))
@given(province=provinces(most_dossiers=80))
def test_any_province_agrees_with_the_oracle(
    province: Province, postgres_server: str, tmp_path_factory: pytest.TempPathFactory
) -> None:
    _check(province, postgres_server, tmp_path_factory.mktemp("province"))


def _check(province: Province, server: str, home: Path) -> None:
    """Take a province through a warehouse of its own, and hold the marts against the oracle."""
    with (
        fresh_warehouse(server) as dsn,
        pytest.MonkeyPatch.context() as patch,
        PhaseSource.from_records({}) as source,
    ):
        pipeline = open_pipeline(patch, home, dsn, source.connection_uri)
        for number, phase in enumerate(province.phases):
            source.phase = phase
            _ingest(pipeline, phase)
            if number in SCORED_AFTER:
                for month in province.months:
                    _ask_for(pipeline, f"{month:%Y-%m}")
                stages.transform(f"{province.months[-1]:%Y-%m}")
        policy = Policy(province.civil_status_field)
        expected = calculate(_deliveries(province), province.months, province.cutoff, policy)
        form = calculate_form(_deliveries(province), PERIODS, PROVINCES, province.cutoff)
        with pipeline.connect() as connection:
            compare(expected, connection)
            compare_form(form, connection)

        incremental = pipeline.marts()
        with pipeline.connect() as connection:
            transform.transform(connection, pipeline.dsn, load(), full_refresh=True)
        assert pipeline.marts() == incremental


def _ingest(pipeline: Pipeline, phase: Phase) -> None:
    """As the daily DAG, but a phase is one piece however long, and every batch passes its gate,
    since a sixth of these records is spoilt on purpose."""
    client = SourceClient(connections.dossier_api())
    store = LandingStore(load().landing_url)
    with connect(pipeline.dsn) as connection:
        for feed in FEEDS.values():
            with landing_at(phase.read_at(feed.name)):
                if feed.kind == "snapshot":
                    extract_snapshot(client, feed, store)
                else:
                    window = (phase.updated_from, phase.updated_to)
                    request_window(connection, feed.name, *window)
                    extract_window(client, feed, *window, store)
    stages.load()
    with connect(pipeline.dsn) as connection:
        connection.execute("update ops.batch set status = 'passed' where status = 'loaded'")


def _ask_for(pipeline: Pipeline, month: str) -> None:
    with connect(pipeline.dsn) as connection:
        connection.execute(
            "insert into ops.requested_month (period_month) values (%s) on conflict do nothing",
            [f"{month}-01"],
        )


def _deliveries(province: Province) -> list[Delivery]:
    """What was landed, with the instants at which it was."""
    landed: dict[str, list[Manifest]] = {}
    for _, manifest in LandingStore(load().landing_url).manifests():
        landed.setdefault(manifest.feed, []).append(manifest)
    deliveries = []
    for number, phase in enumerate(province.phases):
        for feed, records in phase.records.items():
            manifest = landed[feed][number]
            assert manifest.landed_at == phase.read_at(feed)
            deliveries.append(Delivery(feed, records, manifest.landed_at, manifest.window_to))
    return deliveries
