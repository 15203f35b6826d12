"""What the hourly look finds in a warehouse: feeds that are behind, days on which nothing came."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import psycopg
import pytest

from service_index import settings
from service_index.orchestration import watching
from service_index.orchestration.stages import StageError
from service_index.orchestration.windows import ict_midnight

FEEDS = ("dossiers", "payments", "petitions", "ratings")
NOON = datetime(2025, 3, 12, 5, tzinfo=UTC)
UP_TO_DATE = ict_midnight(date(2025, 3, 12))
OLD = ict_midnight(date(2025, 3, 10))


class Look:
    """Looks as the hourly task does; its messages' subjects are kept."""

    def __init__(self, warehouse: psycopg.Connection, home: Path) -> None:
        self.warehouse = warehouse
        self.settings = settings.Settings(home, str(home / "landing"))
        self._subjects: list[str] = []

    def _send(self, subject: str, text: str) -> bool:
        self._subjects.append(subject.removeprefix("Service index: "))
        return True

    def __call__(self, now: datetime = NOON) -> list[str]:
        """What was sent in one look."""
        self._subjects.clear()
        watching.look(self.warehouse, self.settings, self._send, now)
        return list(self._subjects)

    def loaded(self, until: datetime, *feeds: str) -> None:
        for feed in feeds:
            self.warehouse.execute(
                "insert into ops.watermark values (%s, %s) "
                "on conflict (feed) do update set loaded_until = excluded.loaded_until",
                [feed, until],
            )
        self.warehouse.commit()

    def read(self, first: date, after_last: date, records: int) -> None:
        """A window of dossiers that was read, and held so many records; all are loaded since."""
        self.warehouse.execute(
            "insert into ops.batch (feed, kind, source, window_from, window_to, landed_path, "
            "landed_at, manifest_sha256, source_total, distinct_keys, delivered, loaded, "
            "duplicates, quarantined) "
            "values ('dossiers', 'window', 'test', %s, %s, %s, now(), '', %s, %s, %s, %s, 0, 0)",
            [
                ict_midnight(first),
                ict_midnight(after_last),
                f"dossiers/{first}",
                *[records] * 4,
            ],
        )
        self.loaded(ict_midnight(after_last), *FEEDS)


@pytest.fixture
def look(warehouse: psycopg.Connection, tmp_path: Path) -> Look:
    return Look(warehouse, tmp_path)


def test_one_feed_that_is_behind_is_its_own_and_all_are_one(look: Look) -> None:
    assert look() == []
    look.loaded(UP_TO_DATE, *FEEDS)
    assert look() == []
    look.loaded(OLD, "payments")
    assert look() == ["the records are out of date (stale.payments)"]
    assert look() == []
    # Then all are: payments are no better for it.
    look.loaded(OLD, *FEEDS)
    assert look() == ["the records are out of date (stale.all_feeds)"]
    look.loaded(UP_TO_DATE, "dossiers", "petitions")
    assert look() == [
        "the records are out of date (stale.ratings)",
        "over: the records are out of date (stale.all_feeds)",
    ]
    look.loaded(UP_TO_DATE, *FEEDS)
    assert sorted(look()) == [
        "over: the records are out of date (stale.payments)",
        "over: the records are out of date (stale.ratings)",
    ]


def test_a_feed_is_behind_by_the_hours_that_are_set(look: Look) -> None:
    look.loaded(NOON - timedelta(hours=36), *FEEDS)
    assert look() == []
    assert look(NOON + timedelta(seconds=1)) == ["the records are out of date (stale.all_feeds)"]


def test_a_feed_of_which_nothing_came_is_behind_since_it_was_asked_for(look: Look) -> None:
    look.loaded(UP_TO_DATE, "dossiers", "petitions", "ratings")
    look.warehouse.execute(
        "insert into ops.requested_window values ('payments', '2025-01-01', '2025-02-01', %s)",
        [NOON - timedelta(hours=35)],
    )
    look.warehouse.commit()
    assert look() == []
    assert look(NOON + timedelta(hours=2)) == ["the records are out of date (stale.payments)"]


def test_three_working_days_without_a_record_are_silence(look: Look) -> None:
    # 7 March 2025 is a Friday.
    look.read(date(2025, 3, 7), date(2025, 3, 8), 5)
    look.read(date(2025, 3, 8), date(2025, 3, 12), 0)
    now = ict_midnight(date(2025, 3, 12)) + timedelta(hours=2)
    assert look(now) == []  # Saturday, Sunday, Monday, Tuesday
    look.read(date(2025, 3, 12), date(2025, 3, 13), 0)
    now += timedelta(days=1)
    silent = "the source answers and delivers nothing (silent_source)"
    assert look(now) == [silent]
    assert look(now) == []
    look.read(date(2025, 3, 13), date(2025, 3, 14), 1)
    assert look(now + timedelta(days=1)) == [f"over: {silent}"]


def test_the_days_around_tet_are_no_silence(look: Look) -> None:
    look.read(date(2025, 1, 17), date(2025, 1, 18), 5)
    look.read(date(2025, 1, 18), date(2025, 2, 10), 0)
    assert look(ict_midnight(date(2025, 2, 10))) == []


def test_a_release_is_awaited_for_the_month_that_had_ended(look: Look) -> None:
    # Half past midnight of the first in Indochina Time is the day before in UTC.
    assert watching.awaited_month(datetime(2025, 3, 31, 17, 30, tzinfo=UTC)) == "2025-03"
    assert watching.awaited_month(datetime(2026, 1, 1, 3, tzinfo=UTC)) == "2025-12"
    assert not watching.has_release(look.warehouse, "2025-03")
    with pytest.raises(StageError, match="name its month"):
        watching.released({}, None)
