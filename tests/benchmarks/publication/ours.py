"""A month published by the product: its release, and all of its files."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from pathlib import Path

from service_index.orchestration import stages
from service_index.settings import load
from tests.benchmarks.measuring import Work


def score(first: str, after_last: str, month: str) -> Work:
    """All that comes before: the window ingested, the month scored and held against its gate."""

    def work() -> None:
        window = stages.plan_ingest({"window_from": first, "window_to": after_last}, None)
        stages.land(window, overlap=timedelta(0), skip_loaded=False)
        stages.load()
        stages.gate_batches()
        stages.transform(month)
        stages.gate_marts(month)

    return work


def publish(month: str) -> Work:
    """The release and its files: tables, workbook, letter, annex, pages, manifest."""
    releases = load().releases

    def work() -> Mapping[str, float]:
        told = stages.publish(month, wanted=True, reason=None)
        assert told["is_new"], told
        files = [path for path in Path(releases, month, "r1").rglob("*") if path.is_file()]
        return {"files": len(files)}

    return work
