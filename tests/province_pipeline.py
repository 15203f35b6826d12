"""A generated province's way through the pipeline, and what the oracle expects of the marts.

Each province comes in phases: overlapping windows, repeated and spoilt records, units and
procedures after the dossiers that name them, procedures that change from snapshot to snapshot.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

import psycopg

from service_index.landing.manifest import Manifest
from service_index.landing.store import LandingStore
from service_index.loading import request_window
from service_index.orchestration import connections, stages
from service_index.settings import load
from service_index.sources.client import SourceClient
from service_index.sources.extract import extract_snapshot, extract_window
from service_index.sources.feeds import FEEDS
from service_index.warehouse.connection import connect
from tests.oracle.calculate import OracleResult, calculate
from tests.oracle.compare import compare, compare_form
from tests.oracle.form import FormRow, calculate_form
from tests.oracle.generate import INCREMENTAL, Phase, Province, generate
from tests.oracle.policy import Policy
from tests.oracle.versions import Delivery
from tests.phase_source import PhaseSource
from tests.pipeline import Pipeline, landing_at

# After which phases the marts are brought up to date; after the others the raw rows pile up.
SCORED_AFTER = (1, 3, 4)
# Forms of whole periods, of the open one and of the year that has both; 34 ends with June.
PERIODS = ("2025Q1", "2025Q2", "2025H1", "2025Q3", "2025")
PROVINCES = ("33", "01")
# The seeds that tests use; whether units and procedures stand still in the last phase. Where they
# do not, that alone builds every month again, and it does not matter what else has changed.
SEEDS = {766: False, 2025: False, 33: True}


@dataclass(frozen=True)
class Expectation:
    """What the oracle expects of the marts at the end."""

    result: OracleResult
    form: list[FormRow]


def province_of(seed: int) -> Province:
    """The generated province of one of SEEDS."""
    province = generate(seed)
    if SEEDS[seed]:
        *phases, last = province.phases
        records = {feed: rows for feed, rows in last.records.items() if feed in INCREMENTAL}
        province = replace(province, phases=[*phases, replace(last, records=records)])
    return province


def ingest_phases(pipeline: Pipeline, source: PhaseSource, province: Province) -> Iterator[int]:
    """Ingest one phase after another; at each number the marts are to be brought up to date."""
    for number, phase in enumerate(province.phases):
        source.phase = phase
        _ingest(pipeline, phase)
        if number in SCORED_AFTER:
            for month in province.months:
                _ask_for(pipeline, f"{month:%Y-%m}")
            yield number


def expectation(province: Province) -> Expectation:
    """From what was landed."""
    policy = Policy(province.civil_status_field)
    return Expectation(
        calculate(_deliveries(province), province.months, province.cutoff, policy),
        calculate_form(_deliveries(province), PERIODS, PROVINCES, province.cutoff),
    )


def hold_against(expected: Expectation, connection: psycopg.Connection[Any]) -> None:
    """Raises AssertionError, which names the differences."""
    compare(expected.result, connection)
    compare_form(expected.form, connection)


def _ingest(pipeline: Pipeline, phase: Phase) -> None:
    """As the daily DAG, but a phase is one piece however long, and every batch passes its gate,
    since a sixth of these records is spoilt on purpose."""
    client = SourceClient(connections.dossier_api())
    store = LandingStore(load().landing_url)
    with connect(pipeline.dsn) as connection:
        for feed in (feed for feed in FEEDS.values() if feed.name in phase.records):
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
