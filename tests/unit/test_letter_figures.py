"""What the letter says in figures: standings and moves at the printed precision."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from service_index.publishing.documents import letter_figures
from service_index.publishing.documents.letter_figures import figures
from service_index.publishing.relations import GROUPS
from tests.letter_support import (
    MAXIMA,
    PROVINCE,
    month_before,
    printed_figures,
    release,
    unit,
)

# Hundredths of points, so that many pairs meet at the printed tenth.
HUNDREDTHS = st.lists(st.integers(0, 999), min_size=6, max_size=6)


def tenths(hundredths: int) -> int:
    """Half up, in whole numbers alone."""
    return (hundredths + 5) // 10


def points(hundredths: list[int]) -> dict[str, str]:
    return {group: f"{n // 100}.{n % 100:02}" for group, n in zip(GROUPS, hundredths, strict=True)}


@settings(deadline=None)
@given(own=HUNDREDTHS, average=HUNDREDTHS)
def test_standing_is_that_of_the_printed_numbers(own: list[int], average: list[int]) -> None:
    letter = printed_figures(points(own), points(average))
    standing = {g.code: g.standing for g in figures(release(letter=letter), []).groups}
    for group, a, b in zip(GROUPS, own, average, strict=True):
        if tenths(a) == tenths(b):
            assert standing[group] == "level"
        else:
            assert standing[group] == ("above" if tenths(a) > tenths(b) else "below")


@settings(deadline=None)
@given(now=HUNDREDTHS, before=HUNDREDTHS)
def test_moves_are_those_of_the_printed_numbers(now: list[int], before: list[int]) -> None:
    found = figures(
        release(letter=printed_figures(points(now))), [month_before(points=points(before))]
    )
    assert found.comparison.state == "comparable"
    moves = {group.code: group.move for group in found.groups}
    for group, a, b in zip(GROUPS, now, before, strict=True):
        move, change = moves[group], tenths(a) - tenths(b)
        assert move.now == f"{tenths(a) // 10},{tenths(a) % 10}"
        assert move.before == f"{tenths(b) // 10},{tenths(b) % 10}"
        assert move.difference == f"{abs(change) // 10},{abs(change) % 10}"
        assert move.direction == ("same" if change == 0 else "up" if change > 0 else "down")


def test_the_total_moves_at_its_own_two_decimals() -> None:
    letter = printed_figures({"total": "73.036"})
    move = figures(release(letter=letter), [month_before(total="73.0449")]).comparison.total
    assert (move.before, move.now, move.difference, move.direction) == (
        "73,04", "73,04", "0,00", "same",
    )  # fmt: skip
    move = figures(release(letter=letter), [month_before(total="73.0450")]).comparison.total
    assert (move.before, move.difference, move.direction) == ("73,05", "0,01", "down")


@pytest.mark.parametrize("periods", [[], ["2025-06"], ["2024-07", "2025-09"]])
def test_only_the_month_just_before_is_compared_with(periods: list[str]) -> None:
    found = figures(release(), [month_before(period) for period in periods])
    assert (found.comparison.state, found.comparison.month) == ("no_previous_month", "7/2025")
    assert {group.move.direction for group in found.groups} == {None}


def test_january_is_compared_with_december() -> None:
    found = figures(release(period="2026-01"), [month_before("2025-12")])
    assert (found.comparison.state, found.comparison.month) == ("comparable", "12/2025")


def test_nothing_is_compared_across_a_reform() -> None:
    broken = release()
    broken.units[PROVINCE] = replace(broken.province, is_series_break=True)
    found = figures(broken, [month_before()])
    assert found.comparison.state == "series_break"
    assert found.comparison.total.direction is None
    assert {group.move.direction for group in found.groups} == {None}


def test_points_of_other_maxima_are_not_compared() -> None:
    before = month_before()
    province = before.units[PROVINCE]
    groups = province.groups | {
        "timeliness": replace(province.groups["timeliness"], maximum=Decimal(16)),
        "satisfaction": replace(province.groups["satisfaction"], points=None),
    }
    before.units[PROVINCE] = replace(province, groups=groups)
    moves = {g.code: g.move.direction for g in figures(release(), [before]).groups}
    assert {group for group, direction in moves.items() if direction is None} == {
        "timeliness",
        "satisfaction",
    }


def test_a_month_without_the_province_is_no_comparison() -> None:
    before = replace(month_before(), units={"X": unit("X", "commune")})
    assert {g.move.direction for g in figures(release(), [before]).groups} == {None}


def test_figures_are_printed_as_they_are_given() -> None:
    letter = printed_figures()
    found = figures(release(letter=letter), [])
    shown = {"total": found.total, "rank": found.rank}
    for group in found.groups:
        shown |= {
            group.code: group.points,
            f"{group.code}_average": group.average,
            f"{group.code}_rate": group.rate,
            f"{group.code}_rank": group.rank,
        }
    assert found.groups[-1].code == "digitisation"
    details = found.groups[-1].details
    assert [detail.label for detail in details] == [
        letter[code].label_vi
        for code in (
            "digitisation_13",
            "digitisation_12",
            "digitisation_14_dossiers",
            "digitisation_14",
        )
    ]
    for code, row in letter.items():
        if code in shown:
            assert shown[code].printed == row.printed_value, code
            out_of = None if row.out_of is None else str(row.out_of)
            assert shown[code].out_of == out_of, code
    assert {code for code in letter if code not in shown} == {
        code for code in letter if code.startswith("digitisation_1")
    }


@pytest.mark.parametrize("why", ["suspended", "n<5"])
def test_withheld_figures_have_no_number(why: str) -> None:
    letter = printed_figures()
    for code in ("timeliness", "satisfaction_rate"):
        letter[code] = replace(letter[code], withheld=why, value=None, printed_value=None)
    groups = {group.code: group for group in figures(release(letter=letter), []).groups}
    assert groups["timeliness"].points.withheld == why
    assert groups["timeliness"].standing is None
    assert (groups["satisfaction"].rate.printed, groups["satisfaction"].rate.withheld) == (
        None,
        why,
    )


def test_a_group_without_a_criterion_has_no_points() -> None:
    letter = printed_figures()
    row = letter["online_payment"]
    letter["online_payment"] = replace(
        row, value=Decimal(0), out_of=Decimal(0), printed_value="0,0"
    )
    found = figures(release(letter=letter), [month_before()])
    (group,) = (group for group in found.groups if group.code == "online_payment")
    assert (group.points.printed, group.standing, group.move.direction) == (None, None, None)


def test_a_catalogue_may_lack_figures() -> None:
    found = figures(release(letter={}), [month_before()])
    assert len(found.groups) == len(MAXIMA)
    assert found.total.printed is None
    assert {(g.points.printed, g.standing) for g in found.groups} == {(None, None)}


@pytest.mark.parametrize(
    ("printed", "value", "places"),
    [("9,3", "9.3", 1), ("14,60", "14.6", 2), ("7", "7", 0), ("9.3 điểm", "9.3", 1)],
)
def test_printed_numbers_are_read_as_readers_do(printed: str, value: str, places: int) -> None:
    assert letter_figures._printed_number(printed) == (Decimal(value), places)
