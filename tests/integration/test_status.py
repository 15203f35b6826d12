"""`service-index status`: the screen and its JSON tell the same, and fit."""

from __future__ import annotations

import io
import json
from datetime import timedelta
from pathlib import Path
from typing import Any

import psycopg
import pytest
from load_support import Landing, Loading, dossier, procedure, unit
from rich.console import Console

from service_index.orchestration import overview


@pytest.fixture
def loading(warehouse: psycopg.Connection, tmp_path: Path) -> Loading:
    """Units of an hour ago, dossiers until the end of March 2025, one of them in quarantine."""
    made = Loading(warehouse, Landing(tmp_path / "landing"))
    made.deliver("units", unit())
    made.deliver("procedures", procedure())
    made.deliver("dossiers", dossier("D1"), dossier("D2", TrangThaiHoSo="77"))
    made.connection.execute(
        "update ops.batch set status = 'passed', landed_at = now() - interval '150 minutes' "
        "where feed = 'units'"
    )
    made.connection.commit()
    return made


def screen(found: overview.Overview) -> str:
    page = io.StringIO()
    Console(file=page, width=80, highlight=False).print(overview.render(found))
    return page.getvalue()


def row_of(rows: list[dict[str, Any]], feed: str) -> dict[str, Any]:
    (row,) = (row for row in rows if row["feed"] == feed)
    return row


def test_the_json_holds_what_the_screen_shows(loading: Loading) -> None:
    found = overview.read(loading.connection)
    told = json.loads(found.as_json())
    page = screen(found)
    assert max(map(len, page.splitlines())) <= 80
    assert [row["step"] for row in told["runs"]] == ["land", "load"]
    dossiers = row_of(told["feeds"], "dossiers")
    assert dossiers["loaded_until"].startswith("2025-03-31T17:00:00")
    assert (dossiers["loaded"], dossiers["waiting"]) == (1, 1)
    assert row_of(told["quarantine"], "dossiers")["rule"] == "unknown_value"
    assert {row["feed"] for row in told["waiting"]} == {"dossiers", "procedures"}
    for shown in ("land", "load", "dossiers", "2025-04-01 00:00", "unknown_value", "procedures"):
        assert shown in page


def test_the_lag_is_since_the_watermark_or_the_last_snapshot_that_passed(loading: Loading) -> None:
    found = overview.read(loading.connection)
    feeds = json.loads(found.as_json())["feeds"]
    assert row_of(feeds, "dossiers")["lag_seconds"] > 365 * 86_400
    assert 150 * 60 <= row_of(feeds, "units")["lag_seconds"] < 151 * 60
    # Its only snapshot has not been through its gate.
    assert row_of(feeds, "procedures")["lag_seconds"] is None
    lines = [line.split() for line in screen(found).splitlines()]
    assert ["units", "–", "2", "h", "1", "0", "0"] in lines
    assert ["procedures", "–", "–", "1", "0", "0"] in lines


@pytest.mark.parametrize(
    ("duration", "words"),
    [
        (timedelta(seconds=59), "0 min"),
        (timedelta(minutes=59, seconds=59), "59 min"),
        (timedelta(minutes=60), "1 h"),
        (timedelta(hours=47, minutes=59), "47 h"),
        (timedelta(hours=48), "2 d"),
    ],
)
def test_durations_are_told_in_the_unit_that_fits(duration: timedelta, words: str) -> None:
    assert overview.in_words(duration) == words
