"""Progress where nobody watches a terminal: a line now and then, with what is left."""

from __future__ import annotations

import io
import itertools

import pytest
from rich.console import Console

from service_index.orchestration import progress


def test_a_log_hears_now_and_then_how_long_the_rest_takes(monkeypatch: pytest.MonkeyPatch) -> None:
    text = io.StringIO()
    monkeypatch.setattr(progress, "console", Console(file=text, soft_wrap=True))
    seconds = itertools.count(0, 10)
    monkeypatch.setattr(progress.time, "monotonic", lambda: float(next(seconds)))
    with progress.counting("fetch") as tell:
        for done in range(0, 1000, 100):
            tell("windows", done, 1000)
        tell("windows", 1000, 1000)
    assert text.getvalue().splitlines() == [
        "  fetch windows: 200 of 1,000, about 0:01:20 left",
        "  fetch windows: 400 of 1,000, about 0:01:00 left",
        "  fetch windows: 600 of 1,000, about 0:00:40 left",
        "  fetch windows: 800 of 1,000, about 0:00:20 left",
    ]


def test_what_has_no_total_is_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    text = io.StringIO()
    monkeypatch.setattr(progress, "console", Console(file=text, soft_wrap=True))
    seconds = itertools.count(0, 30)
    monkeypatch.setattr(progress.time, "monotonic", lambda: float(next(seconds)))
    with progress.counting("load") as tell:
        tell("dossiers", 0, None)
        tell("dossiers", 5000, None)
    assert text.getvalue() == "  load dossiers: 5,000\n"
