"""Every number on a release's pages is the printing of the release's own, read back from HTML."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal, localcontext
from pathlib import Path

import pytest
from lxml import html

from service_index.publishing import labels, site
from service_index.publishing.month import MonthRelease, Points, UnitScore
from service_index.publishing.printing import number, percent
from service_index.publishing.relations import GROUPS
from service_index.publishing.site.slugs import slug
from tests.browser import site_release
from tests.browser.reading import amount, parse, table, text_of, unit_page
from tests.browser.site_release import PROVINCE, SUSPENDED

NOTHING = "–"


@pytest.fixture(scope="module")
def release() -> MonthRelease:
    return site_release.release()


@pytest.fixture(scope="module")
def pages(release: MonthRelease, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("r1")
    site.write(release, site_release.earlier(), folder)
    return folder / "site"


def points(value: Decimal | None) -> str:
    return NOTHING if value is None else number(value, 2)


def signed(left: Decimal | None, right: Decimal | None) -> str:
    """The difference of two printed numbers."""
    if left is None or right is None:
        return NOTHING
    by = amount(points(left)) - amount(points(right))
    size = number(abs(by), 2)
    return size if size == "0,00" else ("+" if by > 0 else "−") + size


def rate(value: Decimal | None) -> str:
    return NOTHING if value is None else percent(value)


def whole(value: int | None) -> str:
    return NOTHING if value is None else number(Decimal(value), 0)


def share(of: Points) -> Decimal | None:
    if not of.maximum or of.points is None:
        return None
    with localcontext(prec=100):
        return of.points / of.maximum


def of_most(of: Points) -> str:
    return f"{points(of.points)} / {whole(int(of.maximum or 0))}"


def by_rank(release: MonthRelease, unit_type: str) -> list[UnitScore]:
    units = [unit for unit in release.units.values() if unit.unit_type == unit_type]
    return sorted(units, key=lambda unit: (unit.rank is None, unit.rank))


def test_overview(release: MonthRelease, pages: Path) -> None:
    root = parse(pages / "index.html")
    province, nation = release.province, release.national[1]
    assert root.get_element_by_id("total-score").text == points(province.total_score)
    assert root.get_element_by_id("national-rank").text == "2"
    assert table(root, "groups") == [
        [
            labels.GROUPS[group].vi,
            of_most(province.groups[group]),
            points(release.averages[group].average_score),
            signed(province.groups[group].points, release.averages[group].average_score),
            signed(province.groups[group].maximum, province.groups[group].points).lstrip("+"),
            f"{nation.ranks[group]} / 3",
        ]
        for group in GROUPS
    ]
    assert [row[1] for row in table(root, "trend")] == [
        points(month.units[PROVINCE].total_score)
        for month in (release, *site_release.earlier()[::-1])
    ]


def test_overview_lists_the_best_and_the_last(release: MonthRelease, pages: Path) -> None:
    root, communes = parse(pages / "index.html"), by_rank(release, "commune")
    best = [[row[0], row[2]] for row in table(root, "top")]
    last = [[row[0], row[2]] for row in table(root, "bottom")]
    told = [[whole(unit.rank), points(unit.total_score)] for unit in communes]
    assert best == told[:10]
    assert last == told[10:][::-1]


def test_tiles_name_every_commune_with_score_and_rank(release: MonthRelease, pages: Path) -> None:
    tiles = parse(pages / "index.html").xpath('//a[starts-with(@class, "tile")]')
    told = {
        tile.get("href"): " ".join(
            tile.text_content().replace("rank", "").replace("hạng", "").split()
        )
        for tile in tiles
    }
    communes = by_rank(release, "commune")
    assert len(told) == len(communes)
    for unit in communes:
        text = told[f"units/{slug(unit.unit_code)}.html"]
        assert text.endswith(f"{points(unit.total_score)}, {unit.rank}/{unit.rank_out_of}")


def test_ranking(release: MonthRelease, pages: Path) -> None:
    root = parse(pages / "ranking.html")
    online = {
        row.unit_code: row
        for row in release.compliance
        if (row.basis, row.metric_code, row.field_code)
        == ("year_to_date", "end_to_end_online", "*")
    }
    verdicts = {True: "✓ ", False: "✗ ", None: ""}
    for place, unit_type in enumerate(
        ("commune", "department", "vertical_agency", "province"), start=1
    ):
        rows = table(root, f"table-{place}")
        units = by_rank(release, unit_type)
        assert len(rows) == len(units)
        for row, unit in zip(rows, units, strict=True):
            assert row[0] == whole(unit.rank)
            assert row[2] == points(unit.total_score)
            assert row[3] == whole(unit.previous_rank)
            shares = [rate(share(unit.groups[group])) for group in GROUPS]
            assert row[-7:-1] == shares
            compliance = online[unit.unit_code]
            assert row[-1] == verdicts[compliance.is_compliant] + rate(compliance.rate)


@pytest.mark.parametrize("code", ["H31.001", "H31.002", "H31.003", "H31.D1", "H31.V1"])
def test_groups_of_a_unit_stand_against_the_best_the_median_and_the_month_before(
    release: MonthRelease, pages: Path, code: str
) -> None:
    unit = release.units[code]
    peers = [peer for peer in release.units.values() if peer.unit_type == unit.unit_type]
    before = site_release.earlier()[-1].units[code]
    rows = table(parse(unit_page(pages, code)), "groups")
    assert len(rows) == 7
    for group, row in zip(GROUPS, rows, strict=False):
        shares = sorted(s for peer in peers if (s := share(peer.groups[group])) is not None)
        assert row[1:3] == [of_most(unit.groups[group]), rate(share(unit.groups[group]))]
        if len(shares) < 2:
            assert row[3:5] == [NOTHING, NOTHING]
        else:
            with localcontext(prec=100):
                middle = (shares[len(shares) // 2] + shares[(len(shares) - 1) // 2]) / 2
            assert row[3].startswith(rate(shares[-1]))
            assert row[4] == rate(middle)
        then = before.groups[group]
        is_other = share(then) is not None and then.maximum != unit.groups[group].maximum
        assert row[5] == rate(share(then)) + (" *" if is_other else "")
    assert rows[-1][1] == f"{points(unit.total_score)} / 100"


def test_groups_of_the_province_stand_against_the_nation(
    release: MonthRelease, pages: Path
) -> None:
    rows = table(parse(unit_page(pages, PROVINCE)), "groups")
    for group, row in zip(GROUPS, rows, strict=False):
        most = site_release.MAXIMA[group]
        assert row[3] == f"{rate(release.national[0].groups[group] / most)} Tỉnh <i>đầu</i>"
        assert row[4] == rate(release.averages[group].average_score / most)
    assert rows[-1][3:5] == ["90,00 % Tỉnh <i>đầu</i>", "61,24 %"]


@pytest.mark.parametrize("code", [PROVINCE, "H31.001", "H31.004", "H31.D1"])
def test_lost_points_of_a_unit(release: MonthRelease, pages: Path, code: str) -> None:
    before = site_release.earlier()[-1].criterion_scores
    expected = []
    for criterion in release.criteria:
        own = criterion.criterion_code
        row = release.criterion_scores[code, own]
        name = f"{own} {criterion.name_vi}"
        if own == SUSPENDED:
            figures = [NOTHING, "Tạm ngừng công bố", NOTHING, NOTHING]
        elif row.status == "not_applicable":
            figures = [NOTHING, "không áp dụng", NOTHING, NOTHING]
        else:
            counts = f"{rate(row.rate)} {whole(row.numerator)}/{whole(row.denominator)}"
            figures = [
                signed(row.max_points, row.score).lstrip("+"),
                row.withheld or counts,
                f"{points(row.score)} / {whole(int(row.max_points or 0))}",
                signed(row.score, before[code, own].score),
            ]
        lost = Decimal(-1) if row.score is None else amount(figures[0])
        expected.append((-lost, own, [name, *figures]))
    found = table(parse(unit_page(pages, code)), "lost")
    assert found == [row for _, _, row in sorted(expected)]


def test_trend_begins_after_the_break_where_the_code_was_another_units(
    release: MonthRelease, pages: Path
) -> None:
    page = parse(unit_page(pages, "H31.001"))
    assert [row[0] for row in table(page, "trend")] == ["08/2025", "07/2025 gián đoạn"]
    assert "Xã đã bỏ" in text_of(page.xpath("//main")[0])
    rows = table(parse(unit_page(pages, "H31.002")), "trend")
    assert [row[0] for row in rows] == ["08/2025", "07/2025 gián đoạn", "06/2025"]
    for row, month in zip(rows, (release, *site_release.earlier()[::-1]), strict=True):
        unit = month.units["H31.002"]
        assert row[1] == points(unit.total_score)
        assert row[3] == f"{unit.rank} / {unit.rank_out_of}"


def withheld_fields(page: html.HtmlElement) -> list[str]:
    """Those of which a page says in one line that nothing is shown."""
    notes = [text_of(note) for note in page.xpath('//p[@class="note"]')]
    return [
        name
        for note in notes
        if note.startswith("n<5: ") and note.endswith(".") and "dưới 5" not in note
        for name in note[5:-1].split("; ")
    ]


@pytest.mark.parametrize("code", [PROVINCE, "H31.001", "H31.002", "H31.V1"])
def test_compliance_of_a_unit(release: MonthRelease, pages: Path, code: str) -> None:
    page = parse(unit_page(pages, code))
    cells = {
        (row.metric_code, row.basis, row.field_code): row
        for row in release.compliance
        if row.unit_code == code
    }
    keys = [(m, b) for m in labels.METRICS for b in labels.BASES]

    def counted(key: tuple[str, str, str]) -> str:
        cell = cells[key]
        if cell.denominator is None and cell.rate is not None:
            return percent(cell.rate, 0)
        return cell.withheld or (
            f"{rate(cell.rate)} {whole(cell.numerator)}/{whole(cell.denominator)}"
        )

    verdicts = {True: "✓ Đạt", False: "✗ Chưa đạt", None: NOTHING}
    found = table(page, "targets")
    assert [row[2:] for row in found] == [
        [
            counted((*key, "*")),
            rate(cells[*key, "*"].target_rate),
            verdicts[cells[*key, "*"].is_compliant],
            whole(cells[*key, "*"].shortfall),
        ]
        for key in keys
    ]
    fields = {row[0]: row[1:] for row in table(page, "fields")}
    assert next(iter(fields)) == "Hộ tịch", "it has a target of its own"
    assert set(site_release.FIELDS.values()) == {*fields, *withheld_fields(page)}
    assert "làm tròn đến phần trăm" in text_of(page.xpath("//main")[0])
    for field, name in site_release.FIELDS.items():
        if name in withheld_fields(page):
            assert {cells[*key, field].withheld for key in keys} == {"n<5"}
            continue
        (month, year), vault = [(*k, field) for k in keys[:2]], [(*k, field) for k in keys[2:]]
        assert fields[name] == [
            counted(month),
            counted(year),
            rate(cells[year].target_rate),
            *map(counted, vault),
        ]


def test_causes_of_a_unit(release: MonthRelease, pages: Path) -> None:
    rows = table(parse(unit_page(pages, "H31.002")), "causes")
    place = list(release.units).index("H31.002") + 1
    assert rows == [
        ["Không nộp trực tuyến", whole(2_000 + place), "0"],
        ["Chưa thanh toán trực tuyến", whole(1_000 + place), "5"],
        ["Có bước phải thực hiện trực tiếp", "n<5", "n<5"],
    ]


def test_criteria_with_all_units(release: MonthRelease, pages: Path) -> None:
    before = site_release.earlier()[-1].criterion_scores
    for criterion in release.criteria:
        code = criterion.criterion_code
        page = parse(pages / "criteria" / f"{slug(code)}.html")
        if code == SUSPENDED:
            assert not page.xpath("//table"), "no number of a suspended criterion"
            assert "đang rà soát <nguồn>" in text_of(page.xpath("//main")[0])
            continue
        rows = {row[0]: row[2:] for row in table(page, "units")}
        units = [
            unit
            for unit in release.units.values()
            if criterion.applies_to == "all" or unit.unit_type in criterion.applies_to.split(";")
        ]
        assert len(table(page, "units")) == len(units)
        for unit in (u for u in units if u.unit_code not in site_release.HOSTILE):
            row = release.criterion_scores[unit.unit_code, code]
            if row.status == "not_applicable":
                expected = ["không áp dụng", *[NOTHING] * 4]
            else:
                counts = [rate(row.rate), whole(row.numerator), whole(row.denominator)]
                expected = [
                    *([row.withheld] * 3 if row.withheld else counts),
                    points(row.score),
                    signed(row.score, before[unit.unit_code, code].score),
                ]
            assert rows[unit.unit_name] == expected


def test_compliance_by_unit(release: MonthRelease, pages: Path) -> None:
    root = parse(pages / "compliance.html")
    communes = by_rank(release, "commune")
    cells = {
        (row.unit_code, row.metric_code, row.basis, row.field_code): row
        for row in release.compliance
    }
    for name, field in (("table-1", "*"), ("field-table-1", "ho-tich")):
        rows = table(root, name)[: len(communes)]
        for row, unit in zip(rows, communes, strict=True):
            month, year = (
                cells[unit.unit_code, "end_to_end_online", basis, field]
                for basis in ("month", "year_to_date")
            )
            assert row[1:4] == [
                f"{rate(month.rate)} {whole(month.numerator)}/{whole(month.denominator)}",
                f"{rate(year.rate)} {whole(year.numerator)}/{whole(year.denominator)}",
                rate(year.target_rate),
            ]
            assert row[5] == whole(year.shortfall)
    assert len(root.xpath('//caption[starts-with(@id, "field-table")]')) == 1, "hộ tịch alone"
    tallies = {tuple(row[:3]): row[3:] for row in table(root, "tallies")}
    met = [cells[u.unit_code, "end_to_end_online", "month", "*"].is_compliant for u in communes]
    key = ("Hồ sơ xử lý trực tuyến toàn trình", "Trong tháng", "Xã, phường")
    assert tallies[key] == [whole(sum(map(bool, met))), whole(len(communes))]


def test_a_province_that_knows_little(tmp_path: Path) -> None:
    small = site_release.plain_release()
    site.write(small, [], tmp_path)
    root = parse(tmp_path / "site" / "index.html")
    assert [row[3:] for row in table(root, "groups")] == [
        [NOTHING, signed(p.maximum, p.points).lstrip("+"), NOTHING]
        for p in small.province.groups.values()
    ]
    for page in (tmp_path / "site").rglob("*.html"):
        assert "MẪU" not in page.read_text(encoding="utf-8")
    assert len(list((tmp_path / "site" / "units").iterdir())) == len(small.units)


def test_many_communes_without_a_month_before(tmp_path: Path) -> None:
    site.write(site_release.release(400), [], tmp_path)
    root = parse(tmp_path / "site" / "ranking.html")
    assert len(table(root, "table-1")) == 400
    first = unit_page(tmp_path / "site", "H31.001")
    assert all(row[5] == NOTHING for row in table(parse(first), "groups"))


def test_months_before_a_break_are_not_compared_with(release: MonthRelease, tmp_path: Path) -> None:
    after = {
        code: replace(unit, is_series_break=True, previous_rank=9)
        for code, unit in release.units.items()
    }
    site.write(replace(release, units=after), site_release.earlier(), tmp_path)
    page = parse(unit_page(tmp_path / "site", "H31.002"))
    assert {row[5] for row in table(page, "groups")} == {NOTHING}
    assert {row[4] for row in table(page, "lost")} == {NOTHING}
    ranking = parse(tmp_path / "site" / "ranking.html")
    assert {row[3] for row in table(ranking, "table-1")} == {NOTHING}
