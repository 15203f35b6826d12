"""Differences on pages are those of the numbers that stand printed beside them."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from pathlib import Path

import pytest
from lxml import html

from service_index.publishing import site
from service_index.publishing.month import EarlierMonth, Points
from service_index.publishing.printing import number
from service_index.publishing.site import figures
from tests.browser import site_release
from tests.browser.reading import amount, parse, table, text_of, unit_page
from tests.browser.site_release import CRITERIA, PROVINCE, SUSPENDED

NOTHING = "–"


@pytest.fixture(scope="module")
def july(tmp_path_factory: pytest.TempPathFactory) -> Path:
    before = site_release.earlier()[-1]
    release = site_release.release(release_id="2025-07.r2", period="2025-07")
    folder = tmp_path_factory.mktemp("july")
    scores = {"units": before.units, "criterion_scores": before.criterion_scores}
    site.write(replace(release, **scores), [], folder)
    return folder / "site"


@pytest.fixture(scope="module")
def august(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("august")
    site.write(site_release.release(), site_release.earlier(), folder)
    return folder / "site"


def total(page: Path) -> str:
    return str(parse(page).get_element_by_id("total-score").text)


def first(cell: str) -> Decimal:
    """The points of `7,05 / 18`."""
    return amount(cell.split(" / ", maxsplit=1)[0])


def test_the_total_since_the_month_before(july: Path, august: Path) -> None:
    now, before = (amount(total(pages / "index.html")) for pages in (august, july))
    (sentence,) = parse(august / "index.html").xpath('//div[@class="card main-card"]/p[3]')
    assert text_of(sentence) == f"{figures.signed(now - before)} điểm so với tháng trước"
    trend = table(parse(august / "index.html"), "trend")
    assert [amount(row[1]) for row in trend[:2]] == [now, before]


def test_groups_beside_the_nation_and_the_maximum(august: Path) -> None:
    rows = table(parse(august / "index.html"), "groups")
    assert len(rows) == 6
    for _, own, average, difference, lost, _ in rows:
        assert amount(difference) == first(own) - amount(average)
        assert amount(lost) == amount(own.split(" / ")[1]) - first(own)


def criteria_of(page: html.HtmlElement) -> dict[str, list[str]]:
    return {row[0][:2]: row[1:] for row in table(page, "lost") if row[1] != NOTHING}


def test_criteria_of_units(july: Path, august: Path) -> None:
    units = site_release.release().units
    compared = 0
    for code in units:
        before = criteria_of(parse(unit_page(july, code)))
        for criterion, (lost, _, own, change) in criteria_of(
            parse(unit_page(august, code))
        ).items():
            assert amount(lost) == amount(own.split(" / ")[1]) - first(own)
            assert amount(change) == first(own) - first(before[criterion][2])
            compared += 1
    assert compared > 3 * len(units)


def test_units_of_criteria(july: Path, august: Path) -> None:
    otherwise = 0
    now = site_release.release().criterion_scores
    before = site_release.earlier()[-1].criterion_scores
    for code, *_ in CRITERIA:
        if code == SUSPENDED:
            continue
        pages = [parse(folder / "criteria" / f"{code}.html") for folder in (august, july)]
        # Rows are told by the address of their unit: names may be anything.
        rows = [
            dict(zip(page.xpath("//tbody//th/a/@href"), table(page, "units"), strict=True))
            for page in pages
        ]
        for address, row in rows[0].items():
            if row[-1] != NOTHING:
                assert amount(row[-1]) == amount(row[-2]) - amount(rows[1][address][-2])
    for key, score in now.items():
        if score.score is not None and before[key].score is not None:
            exact = score.score - before[key].score
            printed = figures.difference(score.score, before[key].score)
            otherwise += number(exact, 2) != number(printed or Decimal(0), 2)
    assert otherwise > 0, "no difference whose rounding could tell them apart"


def test_a_month_with_another_maximum_is_not_compared_with(tmp_path: Path) -> None:
    release, (*_, july) = site_release.release(), site_release.earlier()
    code = "H31.001"
    unit = release.units[code]
    groups = unit.groups | {"satisfaction": Points(Decimal("5.9"), Decimal(6))}
    now = replace(release, units=release.units | {code: replace(unit, groups=groups)})
    score = now.criterion_scores[code, "05"]
    then = replace(score, max_points=Decimal(10), score=Decimal(1))
    before = EarlierMonth(
        july.release_id, july.units, july.criterion_scores | {(code, "05"): then}, july.period
    )
    site.write(now, [before], tmp_path)
    page = parse(unit_page(tmp_path / "site", code))
    rows = {row[0]: row for row in table(page, "groups")}
    assert rows["Mức độ hài lòng"][5].endswith("% *")
    assert not rows["Số hóa hồ sơ"][5].endswith("*")
    assert "* Không so sánh được (điểm tối đa khác)." in text_of(page.xpath("//main")[0])
    marks = page.xpath('//tr[contains(., "Mức độ hài lòng")]//rect[@class="before"]')
    assert marks == [], "no mark on a scale of another maximum"
    assert page.xpath('//tr[contains(., "Số hóa hồ sơ")]//rect[@class="before"]')
    assert criteria_of(page)["05"][3] == NOTHING
    province = parse(unit_page(tmp_path / "site", PROVINCE))
    assert "Không so sánh được (điểm" not in text_of(province.xpath("//main")[0])
