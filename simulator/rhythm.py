"""Office time: when a province works, and when dossiers come in.

Instants are seconds of the ICT wall clock since 1970 (no time zone arithmetic is needed inside
one zone without daylight saving). Working time counts the seconds in which offices are open.
"""

from datetime import date

import numpy as np

from simulator.draws import Draws, Flags, Floats, Ints

DAY = 86_400
HOUR = 3_600
_EPOCH = date(1970, 1, 1)
_FIRST = date(2024, 12, 1)
_LAST = date(2026, 6, 30)
# Public holidays and the days off made up for on a Saturday, 2025.
HOLIDAYS = (
    *(date(2025, 1, day) for day in range(27, 32)),
    date(2025, 4, 7),
    date(2025, 4, 30),
    date(2025, 5, 1),
    date(2025, 5, 2),
    date(2025, 9, 1),
    date(2025, 9, 2),
)
# 7:30 to 11:30 and 13:00 to 17:00.
_MORNING, _NOON, _AFTERNOON, _HALF = 7 * HOUR + 1800, 11 * HOUR + 1800, 13 * HOUR, 4 * HOUR
WORKDAY = 2 * _HALF
CLOSING_TIME = 17 * HOUR


def instant(
    year: int, month: int, day: int, hour: int = 0, minute: int = 0, second: int = 0
) -> int:
    """Seconds of the ICT wall clock since 1970."""
    days = (date(year, month, day) - _EPOCH).days
    return days * DAY + hour * HOUR + minute * 60 + second


# Where the months of the simulated year begin; the last one is a bound.
_MONTH_STARTS = np.array([instant(2025, month, 1) for month in range(1, 13)])


def month_of(instants: Ints) -> Ints:
    """The month of 2025, 1 to 11, in which each instant lies."""
    found: Ints = np.searchsorted(_MONTH_STARTS, instants, side="right").astype(np.int64)
    return found


def month_end(instants: Ints) -> Ints:
    """The first second of the month after each instant of 2025."""
    return _MONTH_STARTS[month_of(instants)]


def _calendar() -> tuple[int, Flags, Ints, Ints]:
    first = (_FIRST - _EPOCH).days
    days = np.arange(first, (_LAST - _EPOCH).days + 1)
    weekday = (days + 3) % 7  # 1 January 1970 was a Thursday; Monday is 0
    closed = np.isin(days, [(day - _EPOCH).days for day in HOLIDAYS])
    is_open = (weekday < 5) & ~closed
    before = np.concatenate(([0], np.cumsum(is_open)[:-1]))
    return first, is_open, before.astype(np.int64), days[is_open].astype(np.int64)


_FIRST_DAY, _IS_OPEN, _OPEN_DAYS_BEFORE, _OPEN_DAYS = _calendar()


def workday_index(instants: Ints) -> Ints:
    """Number of the working day of each instant; of the next one if the offices are closed."""
    return _OPEN_DAYS_BEFORE[instants // DAY - _FIRST_DAY]


def workday_start(index: Ints) -> Ints:
    """Midnight at which a numbered working day begins."""
    return _OPEN_DAYS[index] * DAY


def working_time(instants: Ints) -> Ints:
    """Seconds of office hours up to each instant."""
    second = instants % DAY
    worked = (second - _MORNING).clip(0, _HALF) + (second - _AFTERNOON).clip(0, _HALF)
    is_open = _IS_OPEN[instants // DAY - _FIRST_DAY]
    return workday_index(instants) * WORKDAY + np.where(is_open, worked, 0)


def from_working_time(seconds: Ints) -> Ints:
    """The instant within office hours at which that much working time has passed."""
    rest = seconds % WORKDAY
    second = np.where(rest < _HALF, _MORNING + rest, _AFTERNOON + rest - _HALF)
    return workday_start(seconds // WORKDAY) + second


# Share of a day's arrivals by hour: at the desk, and by citizens at their own screens.
_DESK_HOURS = np.zeros(24)
_DESK_HOURS[[7, 8, 9, 10, 11, 13, 14, 15, 16]] = [0.5, 1.6, 1.8, 1.4, 0.4, 0.9, 1.5, 1.4, 0.8]
_SCREEN_HOURS = (
    np.array(
        [2, 1, 1, 1, 1, 2, 5, 12, 30, 36, 30, 16, 10, 16, 28, 30, 24, 14, 10, 12, 16, 14, 9, 4]
    )
    / 100.0
)
# Mondays are busiest; at weekends only what is received without an official's hand.
_DESK_WEEKDAYS = np.array([1.25, 1.10, 1.00, 0.98, 0.86, 0.0, 0.0])
_SCREEN_WEEKDAYS = np.array([1.15, 1.05, 1.00, 1.00, 0.95, 0.45, 0.30])


def arrivals(draws: Draws, by_screen: Flags, first: int, last: int, growth: float) -> Ints:
    """Instants in [first, last) at which dossiers are received.

    `first` and `last` are midnights. `by_screen` marks dossiers received without an official
    (at any hour, any day); the others come in office hours of working days. `growth` is the
    change of the daily volume from the first day to the last (0.2: 20 % more).
    """
    days = np.arange(first // DAY, last // DAY)
    trend = 1 + growth * np.linspace(0, 1, len(days))
    weekday = (days + 3) % 7
    is_open = _IS_OPEN[days - _FIRST_DAY]
    found = np.empty(len(by_screen), dtype=np.int64)
    for screen, weekdays, hours in (
        (True, _SCREEN_WEEKDAYS, _SCREEN_HOURS),
        (False, _DESK_WEEKDAYS, _DESK_HOURS),
    ):
        chosen = by_screen == screen
        count = int(chosen.sum())
        weights: Floats = trend * weekdays[weekday]
        weights = weights * np.where(is_open, 1.0, 0.4) if screen else weights * is_open
        day = days[draws.pick(weights, count)]
        hour = draws.pick(hours, count)
        found[chosen] = day * DAY + hour * HOUR + _second_of_hour(draws, hour, screen)
    return found


def _second_of_hour(draws: Draws, hour: Ints, screen: bool) -> Ints:
    """A second within the hour; at the desk only while it is open."""
    seconds = draws.integers(0, HOUR, len(hour))
    if screen:
        return seconds
    half = seconds // 2
    return np.where(hour == 7, 1800 + half, np.where(hour == 11, half, seconds))


def stamp(instants: Ints) -> Ints:
    """Instants as the contract's numbers yyyyMMddHHmmss; 0 stays 0."""
    date_numbers = _date_numbers()
    day, second = np.divmod(instants, DAY)
    known = instants > 0
    number = date_numbers[np.where(known, day - _FIRST_DAY, 0)] * 1_000_000
    number = number + second // HOUR * 10_000 + second % HOUR // 60 * 100 + second % 60
    return np.where(known, number, 0)


def _date_numbers() -> Ints:
    days = range(_FIRST.toordinal(), _LAST.toordinal() + 1)
    dates = map(date.fromordinal, days)
    return np.array([day.year * 10_000 + day.month * 100 + day.day for day in dates])
