"""A month published by the product: its release, and all of its files."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

from service_index.orchestration import stages
from service_index.orchestration.windows import days_window
from service_index.settings import load
from tests.benchmarks.measuring import Work


def score(first: str, after_last: str, month: str) -> Work:
    """All that comes before: the window ingested, the month scored and held against its gate."""

    def work() -> None:
        window = days_window(first, after_last)
        stages.land(window, overlap=timedelta(0))
        stages.load()
        stages.gate_batches()
        stages.transform(month)
        stages.gate_marts(month)

    return work


def publish(month: str) -> Work:
    """The release and its files: tables, workbook, letter, annex, pages, manifest."""
    releases = load().releases

    def work() -> None:
        told = stages.publish(month, wanted=True, reason=None)
        assert told["is_new"], told
        assert list(Path(releases, month, "r1").glob("documents/*.pdf"))

    return work
