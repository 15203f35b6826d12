"""What a command says, as JSON: complete, and bounded."""

from __future__ import annotations

import io
import json
from datetime import UTC, datetime
from pathlib import Path

import pytest
from rich.console import Console

from service_index.orchestration import journal, progress


@pytest.fixture
def screen(monkeypatch: pytest.MonkeyPatch) -> io.StringIO:
    """What is printed; the process is no command yet."""
    text = io.StringIO()
    monkeypatch.setattr(progress, "console", Console(file=text, soft_wrap=True))
    monkeypatch.setattr(progress, "_journal", None)
    return text


def test_a_line_is_printed_as_it_is_and_kept_with_its_fields(
    screen: io.StringIO, tmp_path: Path
) -> None:
    progress.say("before any command")
    progress.at_terminal(tmp_path)
    progress.say("  loaded: 3 đơn vị", batch_ids=[1, 2], until=datetime(2025, 3, 1, tzinfo=UTC))
    progress.keep("no source is set", "error")
    assert screen.getvalue() == "before any command\n  loaded: 3 đơn vị\n"
    text = (tmp_path / "logs" / journal.FILE_NAME).read_text(encoding="utf-8")
    loaded, failed = (json.loads(line) for line in text.splitlines())
    assert (loaded["event"], loaded["level"]) == ("loaded: 3 đơn vị", "info")
    assert (loaded["batch_ids"], loaded["until"]) == ([1, 2], "2025-03-01T00:00:00+00:00")
    assert (failed["event"], failed["level"]) == ("no source is set", "error")
    assert loaded["run"] == failed["run"]


def test_a_command_that_says_nothing_leaves_no_file(screen: io.StringIO, tmp_path: Path) -> None:
    progress.at_terminal(tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_old_lines_make_way(
    screen: io.StringIO, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(journal, "_MAX_BYTES", 1_000)
    progress.at_terminal(tmp_path)
    for number in range(100):
        progress.say(f"line {number}")
    files = sorted((tmp_path / "logs").iterdir())
    assert len(files) == 6
    assert max(file.stat().st_size for file in files) <= 1_000
    assert "line 99" in (tmp_path / "logs" / journal.FILE_NAME).read_text(encoding="utf-8")
