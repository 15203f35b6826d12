"""Hostile provinces through the real pipeline agree with the independent calculation, row by row.

Each province comes in phases: overlapping windows, repeated and spoilt records, units and
procedures after the dossiers that name them. The marts are brought up to date after every phase,
so what is compared is the incremental result; a full refresh must then change nothing.
"""

from __future__ import annotations

from pathlib import Path

import pytest

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
from tests.oracle.compare import compare
from tests.oracle.generate import Phase, Province, generate
from tests.oracle.policy import Policy
from tests.oracle.versions import Delivery
from tests.phase_source import PhaseSource
from tests.pipeline import Pipeline, open_pipeline


@pytest.mark.parametrize("seed", [766, 2025, 33])
def test_the_marts_agree_with_the_oracle(
    seed: int, warehouse_dsn: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    province = generate(seed)
    with PhaseSource.from_records({}) as source:
        pipeline = open_pipeline(monkeypatch, tmp_path, warehouse_dsn, source.connection_uri)
        for phase in province.phases:
            source.phase = phase
            _ingest(pipeline, phase)
            for month in province.months:
                _ask_for(pipeline, f"{month:%Y-%m}")
            stages.transform(f"{province.months[-1]:%Y-%m}")
    expected = calculate(
        _deliveries(province), province.months, province.cutoff, Policy(province.civil_status_field)
    )
    with pipeline.connect() as connection:
        compare(expected, connection)

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
            updated_to = phase.updated_to if landed[feed][number].kind == "window" else None
            landed_at = landed[feed][number].landed_at
            deliveries.append(Delivery(feed, records, landed_at, updated_to))
    return sorted(deliveries, key=lambda delivery: delivery.landed_at)
