"""The product's way from landed files to the marts: load, then transform."""

from __future__ import annotations

import time
from datetime import timedelta

# Imported here, so that they are not in the timed part; the stages import them where needed.
import dbt.cli.main  # noqa: F401

import service_index.landing.store
import service_index.loading
import service_index.sources.client
import service_index.sources.extract
import service_index.sources.inbox  # noqa: F401
from service_index.orchestration import stages
from service_index.orchestration.dbt_build import ModelResult
from service_index.orchestration.windows import days_window
from tests.benchmarks import volume
from tests.benchmarks.measuring import Work

MONTH = volume.FIRST[:7]
SHOWN_FROM_SECONDS = 1


def land() -> Work:
    """Land August of every feed: the files that all contestants begin with."""
    window = days_window(volume.FIRST, volume.AFTER_LAST)

    def work() -> None:
        stages.land(window, overlap=timedelta(0))

    return work


def marts() -> Work:
    """Load what is landed and transform it, all into an empty warehouse.

    The gate between the two is measured elsewhere: here every batch passes it.
    """

    def work() -> dict[str, float]:
        started = time.perf_counter()
        told = stages.load()
        assert told["quarantined"] == 0, told
        loaded = time.perf_counter()
        with stages.open_warehouse() as (connection, _, _):
            connection.execute("update ops.batch set status = 'passed'")
            connection.commit()
        passed = time.perf_counter()
        begun: list[float] = []
        nodes: list[ModelResult] = []

        def ended(result: ModelResult) -> None:
            begun.append(time.perf_counter() - float(result.seconds))
            nodes.append(result)

        stages.transform(MONTH, on_model=ended)
        finished = time.perf_counter()
        return {
            "load": loaded - started,
            "transform": finished - passed,
            "dbt's start": min(begun) - passed,
            **_seconds_of(nodes),
        }

    return work


def _seconds_of(nodes: list[ModelResult]) -> dict[str, float]:
    """Seconds by kind of node (several run at once), and of the slowest models."""
    by_kind: dict[str, float] = {}
    for node in nodes:
        kind = f"{node.resource_type}s"
        by_kind[kind] = by_kind.get(kind, 0) + float(node.seconds)
    slowest = {
        f"model {node.name}": float(node.seconds)
        for node in nodes
        if node.resource_type == "model" and node.seconds >= SHOWN_FROM_SECONDS
    }
    return by_kind | slowest
