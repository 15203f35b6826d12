"""The product's way from the source's API to the raw table: land, then load."""

from __future__ import annotations

import time
from datetime import UTC, datetime

# Imported here, so that they are not in the timed part; the stages import them where needed.
import service_index.landing.store
import service_index.loading
import service_index.sources.client
import service_index.sources.extract
import service_index.sources.inbox
from service_index.orchestration import connections, stages
from service_index.settings import Settings, load
from service_index.sources.client import SourceClient
from service_index.sources.extract import Extraction, extract_many
from service_index.sources.feeds import FEEDS
from tests.benchmarks import volume
from tests.benchmarks.measuring import Work


def dossiers() -> Work:
    """Land and load the dossiers' window; the units and procedures are loaded before."""
    settings = load()
    _land(settings, "units", "procedures")
    stages.load()

    def work() -> dict[str, float]:
        started = time.perf_counter()
        _land(settings, "dossiers")
        landed = time.perf_counter()
        told = stages.load()
        assert told["quarantined"] == 0, told
        return {"land": landed - started, "load": time.perf_counter() - landed}

    return work


def _land(settings: Settings, *feeds: str) -> None:
    start, end = (
        datetime.fromisoformat(f"{day}T00:00:00+07:00").astimezone(UTC)
        for day in (volume.FIRST, volume.AFTER_LAST)
    )
    store = service_index.landing.store.LandingStore(settings.landing_url)
    with SourceClient(connections.dossier_api()) as client:
        extract_many(
            client,
            [
                Extraction(feed, (start, end) if feed.kind == "incremental" else None)
                for feed in FEEDS.values()
                if feed.name in feeds
            ],
            store,
        )
