"""What stands in for the warehouse while it does not answer: files in the installation's folder."""

from __future__ import annotations

import resource
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg
import pytest

from service_index import settings
from service_index.orchestration import incidents, troubles
from service_index.orchestration.trouble_table import WAREHOUSE

SILENCE = troubles.of_line(WAREHOUSE, "connection refused")
LATE = troubles.of_line(WAREHOUSE, "no release", "late_release.2025-03")


class Home:
    """An installation's folder; the subjects of the messages are kept."""

    def __init__(self, folder: Path) -> None:
        self.settings = settings.Settings(folder, str(folder / "landing"))
        self.incidents = folder / "incidents"
        self.is_taken = True
        self.subjects: list[str] = []

    def _send(self, subject: str, text: str) -> bool:
        self.subjects.append(subject.removeprefix("Service index: "))
        return self.is_taken

    def met(self, trouble: incidents.Trouble = SILENCE) -> list[str]:
        """What was sent for it."""
        self.subjects.clear()
        incidents.met_without_warehouse(self.settings, trouble, self._send)
        return list(self.subjects)

    def answers(self, connection: psycopg.Connection) -> list[str]:
        self.subjects.clear()
        incidents.warehouse_answers(connection, self.settings, self._send, WAREHOUSE.key)
        return list(self.subjects)


@pytest.fixture
def home(tmp_path: Path) -> Home:
    return Home(tmp_path)


@contextmanager
def no_room() -> Iterator[None]:
    """Files can be made, and nothing be written to them: as on a full disk."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


BEGINS = ["the warehouse does not answer (warehouse)"]
ENDS = ["over: the warehouse does not answer (warehouse)"]


def test_a_message_that_nobody_took_is_sent_again_and_one_that_was_taken_is_not(
    home: Home, warehouse: psycopg.Connection
) -> None:
    home.is_taken = False
    assert home.met() == BEGINS
    home.is_taken = True
    assert home.met() == BEGINS
    assert home.met() == []
    assert home.answers(warehouse) == ENDS
    assert list(home.incidents.iterdir()) == []


@pytest.mark.parametrize("text", ["", '{"trouble": {"key"', "[]"])
def test_a_file_that_cannot_be_read_harms_nothing(
    home: Home, warehouse: psycopg.Connection, text: str
) -> None:
    home.incidents.mkdir()
    broken = home.incidents / "warehouse.json"
    broken.write_text(text, encoding="utf-8")
    assert home.answers(warehouse) == []
    assert list(home.incidents.iterdir()) == []

    broken.write_text(text, encoding="utf-8")
    assert home.met() == BEGINS
    assert home.met() == []
    assert home.answers(warehouse) == ENDS


def test_on_a_full_disk_it_is_told_once_and_its_end_when_there_is_room(
    home: Home, warehouse: psycopg.Connection
) -> None:
    assert home.answers(warehouse) == []
    with no_room():
        with pytest.raises(OSError, match="File too large"):
            (home.incidents / "trial").write_text("x", encoding="utf-8")
        told = [home.met(), home.met()]
    assert told == [BEGINS, []]
    (home.incidents / "trial").unlink()
    assert home.met() == []
    assert home.answers(warehouse) == ENDS
    assert list(home.incidents.iterdir()) == []


def test_where_not_even_a_name_can_be_noted_nothing_is_sent_for_ever(home: Home) -> None:
    home.incidents.write_text("a file where the folder should be", encoding="utf-8")
    assert home.met() == []


def test_what_was_met_in_its_silence_is_taken_over_as_told_or_not(
    home: Home, warehouse: psycopg.Connection
) -> None:
    home.met(LATE)
    home.is_taken = False
    home.met(troubles.of_line(WAREHOUSE, "no release", "late_release.2025-04"))
    assert home.answers(warehouse) == []
    rows = warehouse.execute(
        "select key, told_at is not null from ops.incident order by 1"
    ).fetchall()
    assert rows == [("late_release.2025-03", True), ("late_release.2025-04", False)]
    assert list(home.incidents.iterdir()) == []
