"""Charts and the tile map: what is drawn, where it stands, and that no words are in it."""

from __future__ import annotations

import unicodedata
from dataclasses import replace
from decimal import Decimal

import pytest
from lxml import etree

from service_index.publishing.month import EarlierMonth, MonthRelease, UnitScore
from service_index.publishing.site import charts, tiles
from service_index.publishing.site.material import Material, prepare
from service_index.publishing.site.trend import trend_of
from tests.browser import site_release

KNOWN = {"323": "Thành phố Hưng Yên", "341": "Huyện Thái Thụy"}


def material(districts: dict[str, str], parents: bool = False) -> Material:
    """A province whose communes stand in those districts by turns."""
    release = site_release.release(6)
    codes = list(districts)
    units: dict[str, UnitScore] = {}
    for number, unit in enumerate(release.units.values()):
        changed = unit
        if unit.unit_type == "commune":
            code = codes[number % len(codes)] if codes else None
            changed = replace(
                unit,
                parent_unit_code=code if parents else None,
                former_unit_code=None if parents else code,
                former_unit_name=None if parents or code is None else districts[code],
            )
        units[unit.unit_code] = changed
    if parents:
        model = release.units["H31.D1"]
        units |= {
            code: replace(model, unit_code=code, unit_name=name, unit_type="district")
            for code, name in districts.items()
        }
    return prepare(replace(release, units=units), [])


@pytest.mark.parametrize("parents", [False, True])
@pytest.mark.parametrize("form", ["NFC", "NFD"])
def test_known_districts_stand_where_they_lie(form: str, parents: bool) -> None:
    written = {code: unicodedata.normalize(form, name) for code, name in KNOWN.items()}
    grid = tiles.tile_grid(material(written, parents))
    assert grid is not None
    assert grid.is_schematic
    south_west, east = grid.groups
    assert (south_west.name, east.name) == tuple(written.values())
    assert south_west.column is not None and east.column is not None
    assert south_west.column < east.column
    assert sum(len(group.tiles) for group in grid.groups) == 6


@pytest.mark.parametrize(
    "districts",
    [
        KNOWN | {"999": "Huyện khác"},
        {"323": "Quận khác cùng mã"},  # the code of another province's district
        {},
    ],
)
def test_other_districts_are_listed(districts: dict[str, str]) -> None:
    grid = tiles.tile_grid(material(districts))
    assert grid is not None
    assert not grid.is_schematic
    assert [group.name for group in grid.groups] == (list(districts.values()) or [None])


def test_no_two_districts_share_a_place() -> None:
    places = tiles._places(set(KNOWN.items()))
    assert len(places) == len(set(places.values())) == 18
    assert all(1 <= row <= 5 and 1 <= column <= 5 for row, column in places.values())


@pytest.mark.parametrize(
    ("score", "step"), [("59.99", 0), ("60", 1), ("69.999", 1), ("85", 5), ("90", 6), ("100", 6)]
)
def test_steps_of_colour_are_taken_from_the_exact_score(score: str, step: int) -> None:
    assert tiles._step(Decimal(score)) == step


def months(release: MonthRelease, periods: list[str]) -> list[EarlierMonth]:
    return [
        EarlierMonth(f"{period}.r1", release.units, release.criterion_scores, period)
        for period in periods
    ]


def test_a_line_does_not_cross_a_gap() -> None:
    release = site_release.release()
    known = prepare(release, months(release, ["2024-12", "2025-01", "2025-06", "2025-07"]))
    trend = trend_of(known, release.province)
    assert [month.segment for month in trend.months] == [0, 0, 1, 1, 1]
    assert known.previous is not None
    assert known.previous.period == "2025-07"
    without_july = prepare(release, months(release, ["2025-06"]))
    assert without_july.previous is None, "June is not the month before August"


def test_a_single_month_makes_no_trend() -> None:
    release = site_release.release()
    assert charts.trend_chart(trend_of(prepare(release, []), release.province)) is None


def test_charts_hold_numbers_alone_and_stay_out_of_the_way_of_readers() -> None:
    known = prepare(site_release.release(), site_release.earlier())
    trend = charts.trend_chart(trend_of(known, known.release.units["H31.002"]))
    spread = charts.histogram([Decimal(7), Decimal(60)], Decimal(50), first=0, last=100, steps=20)
    for drawn in (trend, spread):
        root = etree.fromstring(str(drawn))
        words = [text.text for text in root.iter("{*}text")]
        assert len(words) > 4
        assert all(set(word or "") <= set("0123456789/") for word in words)
        assert root.get("aria-hidden") == "true"
        assert not root.xpath("//@id | //@role | //@href")
    assert {"06/2025", "07/2025", "08/2025"} <= {
        text.text for text in etree.fromstring(str(trend)).iter("{*}text")
    }


def test_scores_that_lie_close_have_an_axis_nevertheless() -> None:
    release = site_release.release()
    known = prepare(release, months(release, ["2025-07"]))
    drawn = etree.fromstring(str(charts.trend_chart(trend_of(known, release.province))))
    words = [text.text for text in drawn.iter("{*}text")]
    assert {"81", "82"} <= set(words), "81,03 twice"


def heights(values: list[str]) -> list[float]:
    """Of the ten bars of a histogram from 0 to 100, in parts of the highest."""
    drawn = charts.histogram(list(map(Decimal, values)), None, first=0, last=100, steps=10)
    root = etree.fromstring(str(drawn))
    found = [
        float(path.get("d").split("v")[1].split("h")[0])
        for path in root.iter("{*}path")
        if path.get("fill") == "var(--bar)"
    ]
    return [height / max(found) for height in found]


def test_bars_count_what_lies_between_their_borders() -> None:
    # A border counts to the bar above it, the last one to the last bar.
    assert heights(["0", "9.999", "10", "50", "100", "90"]) == pytest.approx(
        [1, 0.5, 0, 0, 0, 0.5, 0, 0, 0, 1], abs=0.01
    )
    assert charts.histogram([], None, first=0, last=100, steps=10) is None
