"""Business windows: calendar days and months of Indochina Time, half open."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from service_index.settings import ICT

_MONTH = re.compile(r"(\d{4})-(0[1-9]|1[0-2])")


@dataclass(frozen=True)
class Window:
    """A half-open stretch of time, `start` ≤ t < `end`; both are aware instants."""

    start: datetime
    end: datetime

    def __post_init__(self) -> None:
        if self.start >= self.end:
            raise ValueError(f"the window ends ({self.end}) before it begins ({self.start})")


def ict_midnight(day: date) -> datetime:
    """The first instant of an ICT calendar day."""
    return datetime(day.year, day.month, day.day, tzinfo=ICT)


def days_window(first: str, after_last: str) -> Window:
    """The window of the ICT days `first` ≤ day < `after_last`, both as YYYY-MM-DD."""
    return Window(_day(first), _day(after_last))


def _day(text: str) -> datetime:
    try:
        return ict_midnight(date.fromisoformat(text))
    except ValueError:
        raise ValueError(f"'{text}' is not a date: write it as YYYY-MM-DD") from None


def business_day(interval_start: datetime) -> Window:
    """The ICT calendar day in which a daily run's data interval begins."""
    day = interval_start.astimezone(ICT).date()
    return Window(ict_midnight(day), ict_midnight(day + timedelta(days=1)))


def business_month(interval_start: datetime) -> date:
    """The ICT month in which a monthly run's data interval begins, as its first day."""
    return interval_start.astimezone(ICT).date().replace(day=1)


def next_month(month: date) -> date:
    """The first day of the month after the one that begins on `month`."""
    return (month + timedelta(days=31)).replace(day=1)


def parse_instant(text: str) -> datetime:
    """`2025-08-01T09:00+07:00` as an instant; without an offset it is ICT's."""
    try:
        instant = datetime.fromisoformat(text)
    except ValueError:
        raise ValueError(
            f"'{text}' is not an instant: write it as 2025-08-01T09:00, or with an offset"
        ) from None
    return instant if instant.tzinfo else instant.replace(tzinfo=ICT)


def parse_month(text: str) -> date:
    """`2025-03` as the month's first day."""
    match = _MONTH.fullmatch(text)
    if not match:
        raise ValueError(f"'{text}' is not a month: write it as YYYY-MM")
    return date(int(match[1]), int(match[2]), 1)
