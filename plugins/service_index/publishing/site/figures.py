"""Figures of a page in the form in which it shows them, and the arithmetic between them.

Pages are written with the Vietnamese separators; the language switch exchanges them in place.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import ROUND_HALF_UP, Context, Decimal

from service_index.publishing.labels import Label
from service_index.publishing.month import Points
from service_index.publishing.printing import LONGEST_NAME, local_time, number, one_line, percent
from service_index.settings import ICT

NOTHING = "–"
MINUS = "−"
# Scores have some thirty decimals: a share in the usual 28 digits would already be rounded.
EXACT = Context(prec=80)
_PRINTED = Decimal("0.01")
_MONTHS_EN = (
    *("January", "February", "March", "April", "May", "June"),
    *("July", "August", "September", "October", "November", "December"),
)
_ROMAN = ("I", "II", "III", "IV")


def points(value: Decimal | None) -> str:
    """Points of a score at two decimals: `73,04`."""
    return NOTHING if value is None else number(value, 2)


def whole(value: int | Decimal | None) -> str:
    """A count: `16.095`."""
    return NOTHING if value is None else number(Decimal(value), 0)


def maximum(value: Decimal | None) -> str:
    """The most points that can be had: `18`, `2,5`."""
    if value is None:
        return NOTHING
    return number(value, 0 if value == value.to_integral_value() else 2)


def rate(value: Decimal | None) -> str:
    """A rate of 0 to 1 in percent: `96,57 %`."""
    return NOTHING if value is None else percent(value)


def whole_rate(value: Decimal | None) -> str:
    """A rate that is published in whole percent: `47 %`."""
    return NOTHING if value is None else percent(value, 0)


def signed(value: Decimal | None) -> str:
    """A difference of points with its sign: `+0,12`, `−3,40`, `0,00`."""
    if value is None:
        return NOTHING
    size = number(abs(value), 2)
    if not size.strip("0,"):
        return size
    return ("+" if value > 0 else MINUS) + size


def difference(left: Decimal | None, right: Decimal | None) -> Decimal | None:
    """Of the two as `points` prints them, so that readers who subtract find the same.

    75,76 to 77,28 is +1,52, whatever lies behind them. None where either side is missing.
    """
    return None if left is None or right is None else _as_printed(left) - _as_printed(right)


def _as_printed(value: Decimal) -> Decimal:
    return value.quantize(_PRINTED, ROUND_HALF_UP)


def share(of: Points | None) -> Decimal | None:
    """Points as a part of what could be had: groups of units that differ in their maximum."""
    if of is None or of.points is None or not of.maximum:
        return None
    return EXACT.divide(of.points, of.maximum)


def part_of(value: Decimal | int, largest: Decimal | int) -> Decimal:
    """A value on the scale of the largest one, which is not 0."""
    return EXACT.divide(Decimal(value), Decimal(largest))


def median(values: Sequence[Decimal]) -> Decimal | None:
    """The middle value, or half way between the two in the middle; None of nothing."""
    if not values:
        return None
    ordered, half = sorted(values), len(values) // 2
    if len(ordered) % 2:
        return ordered[half]
    return EXACT.divide(EXACT.add(ordered[half - 1], ordered[half]), Decimal(2))


def pixels(part: Decimal | None, length: int = 100) -> str:
    """A part of 0 to 1 on a scale of `length`, for drawing only."""
    inside = min(max(part or Decimal(0), Decimal(0)), Decimal(1)) * length
    return str(inside.quantize(Decimal("0.1"), ROUND_HALF_UP))


def name(text: str | None) -> str:
    """A name on one line, cut where no layout could hold it; the data files have it whole."""
    line = one_line(text or "").strip() or NOTHING
    return line if len(line) <= LONGEST_NAME else line[: LONGEST_NAME - 1].rstrip() + "…"


def month(period: str) -> Label:
    """`2025-08` as tháng 8/2025, August 2025; a form's `2025Q3`, `2025H1`, `2025` likewise."""
    year, kind, part = period[:4], period[4:5], period[5:]
    if kind == "-":
        return Label(f"tháng {int(part)}/{year}", f"{_MONTHS_EN[int(part) - 1]} {year}")
    if kind == "Q":
        return Label(f"quý {_ROMAN[int(part) - 1]}/{year}", f"quarter {part} of {year}")
    if kind == "H":
        first, second = Label("đầu", "first"), Label("cuối", "second")
        half = first if part == "1" else second
        return Label(f"6 tháng {half.vi} năm {year}", f"{half.en} half of {year}")
    return Label(f"năm {year}", f"year {year}")


def capital(text: str) -> str:
    """A phrase at the beginning of a line; `n<5` begins with a sign and stays."""
    return text[:1].upper() + text[1:] if text[:2].isalpha() else text


def short_month(period: str) -> Label:
    """`2025-08` as 08/2025, which both languages read."""
    year, _, of_year = period.partition("-")
    return Label(f"{of_year}/{year}", f"{of_year}/{year}")


def instant(at: datetime) -> Label:
    """On the clock of Vietnam, in each language's order."""
    return Label(local_time(at), f"{at.astimezone(ICT):%Y-%m-%d %H:%M} (UTC+7)")


@dataclass(frozen=True)
class Size:
    """A file's size in the unit that suits it."""

    amount: str
    unit: str


def size(count: int) -> Size:
    if count < 1000:
        return Size(whole(count), "B")
    kilo = Decimal(count) / 1000
    return Size(whole(kilo), "kB") if kilo < 1000 else Size(number(kilo / 1000, 1), "MB")
