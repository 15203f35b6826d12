"""The letter's figures by group: as printed, against the national average, against last month.

Comparisons are of printed numbers, so that nobody finds two equal numbers called different.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal

from service_index.publishing import labels
from service_index.publishing.documents.letterhead import as_month, month_before
from service_index.publishing.documents.wording import clean, decimals
from service_index.publishing.month import EarlierMonth, LetterFigure, MonthRelease, Points
from service_index.publishing.printing import number
from service_index.publishing.relations import GROUPS

# Rows of a group that are no figure of a criterion under it.
_OWN_ROWS = ("", "_average", "_rate", "_rank")
# Points and averages are below 1,000: whatever stands between their digits is the decimal sign.
_PRINTED = re.compile(r"(\d+)(?:[.,](\d+))?")


@dataclass(frozen=True)
class Figure:
    """A figure as the letter prints it; `printed` is None where there is none, or `withheld`."""

    label: str
    printed: str | None
    out_of: str | None
    withheld: str | None


@dataclass(frozen=True)
class Move:
    """Printed points of last month and this, and their difference without its sign.

    `direction` is up, down, same, or None where the two months cannot be compared.
    """

    label: str
    before: str | None
    now: str | None
    difference: str | None
    direction: str | None


@dataclass(frozen=True)
class Group:
    """`details` are rates and counts of single criteria.

    `standing`: above, below or level with the national average, None without one.
    """

    code: str
    label: str
    points: Figure
    average: Figure
    rate: Figure
    rank: Figure
    details: list[Figure]
    standing: str | None
    move: Move


@dataclass(frozen=True)
class Comparison:
    """`state` is comparable, no_previous_month or series_break; `month` the one before."""

    month: str
    state: str
    total: Move


@dataclass(frozen=True)
class Figures:
    """`has_national`: whether a national rank or average is printed."""

    total: Figure
    rank: Figure
    groups: list[Group]
    has_national: bool
    comparison: Comparison


def figures(release: MonthRelease, earlier: Iterable[EarlierMonth]) -> Figures:
    """Everything the letter says in figures about the province; groups in the letter's order."""
    letter = release.letter
    previous = _previous(release, earlier)
    province = previous.units.get(release.edition.province_code) if previous else None
    # One of the letter's figures may be missing where the office has changed its catalogue.
    order = sorted(
        GROUPS, key=lambda group: letter[group].position if group in letter else len(letter)
    )
    total, rank = _figure(letter.get("total")), _figure(letter.get("rank"))
    total_before = Points(province.total_score, Decimal(100)) if province else None
    groups = [
        _group(letter, group, province.groups[group] if province else None) for group in order
    ]
    return Figures(
        total=total,
        rank=rank,
        groups=groups,
        has_national=any(
            figure.printed is not None
            for figure in (rank, *(f for group in groups for f in (group.average, group.rank)))
        ),
        comparison=Comparison(
            month=as_month(month_before(release.edition.month)),
            state=_state(release, previous),
            total=_move("", total, total_before),
        ),
    )


def _previous(release: MonthRelease, earlier: Iterable[EarlierMonth]) -> EarlierMonth | None:
    """The month just before, unless a reform lies between the two."""
    period = f"{month_before(release.edition.month):%Y-%m}"
    if release.province.is_series_break:
        return None
    return next((month for month in earlier if month.period == period), None)


def _state(release: MonthRelease, previous: EarlierMonth | None) -> str:
    if release.province.is_series_break:
        return "series_break"
    return "comparable" if previous else "no_previous_month"


def _group(letter: dict[str, LetterFigure], group: str, before: Points | None) -> Group:
    own = {suffix: _figure(letter.get(group + suffix)) for suffix in _OWN_ROWS}
    own_rows = {group + suffix for suffix in _OWN_ROWS}
    label = labels.GROUPS[group].vi
    return Group(
        code=group,
        label=label,
        points=own[""],
        average=own["_average"],
        rate=own["_rate"],
        rank=own["_rank"],
        details=[
            _figure(row)
            for code, row in letter.items()
            if code.startswith(f"{group}_") and code not in own_rows
        ],
        standing=_standing(own[""], own["_average"]),
        move=_move(label, own[""], before),
    )


def _figure(row: LetterFigure | None) -> Figure:
    """A row's figure; points of a maximum of 0 are none, for nothing applied."""
    if row is None:
        return Figure("", None, None, None)
    is_empty = row.withheld is not None or row.out_of == 0
    return Figure(
        label=clean(row.label_vi),
        printed=None if is_empty or row.printed_value is None else clean(row.printed_value),
        out_of=None if row.out_of is None else _plain(row.out_of),
        withheld=None if row.withheld is None else clean(row.withheld),
    )


def _plain(value: Decimal) -> str:
    """All decimals that a number has, and no more."""
    return number(value, decimals(value))


def _standing(points: Figure, average: Figure) -> str | None:
    if points.printed is None or average.printed is None:
        return None
    difference = _printed_number(points.printed)[0] - _printed_number(average.printed)[0]
    if difference == 0:
        return "level"
    return "above" if difference > 0 else "below"


def _move(label: str, now: Figure, before: Points | None) -> Move:
    """Since last month; incomparable where one month lacks points, or the maxima differ."""
    if (
        now.printed is None
        or before is None
        or before.points is None
        or before.maximum is None
        or _plain(before.maximum) != now.out_of
    ):
        return Move(label, None, now.printed, None, None)
    current, places = _printed_number(now.printed)
    printed_before = number(before.points, places)
    difference = current - _printed_number(printed_before)[0]
    direction = "same" if difference == 0 else "up" if difference > 0 else "down"
    return Move(label, printed_before, now.printed, number(abs(difference), places), direction)


def _printed_number(printed: str) -> tuple[Decimal, int]:
    """The number that a reader of the letter reads, and with how many decimals."""
    match = _PRINTED.search(printed)
    if match is None:
        raise ValueError(f"{printed!r} holds no number")
    whole, digits = match.groups(default="")
    return Decimal(f"{whole}.{digits}"), len(digits)
