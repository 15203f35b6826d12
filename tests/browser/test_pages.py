"""Pages in a real browser: quiet, complete without scripts, and what their controls do."""

from __future__ import annotations

import io
import json
import re
import shutil
from pathlib import Path

import pdfplumber
import pytest
from playwright.sync_api import Page, ViewportSize, expect

from service_index.publishing.printing import number
from service_index.publishing.site.slugs import slug
from tests.browser import site_release
from tests.browser.conftest import HAND_MADE, PAGES, Watched

PHONE: ViewportSize = {"width": 360, "height": 740}


@pytest.mark.parametrize("kind", PAGES)
@pytest.mark.parametrize("way", ["file", "http"])
def test_pages_are_quiet_and_ask_for_nothing_outside(
    watched: Watched, releases: Path, served: str, kind: str, way: str
) -> None:
    base = served if way == "http" else releases.as_uri() + "/"
    watched.page.goto(base + PAGES[kind])
    watched.page.get_by_role("button", name="English").click()
    expect(watched.page.locator("html")).to_have_attribute("lang", "en")
    assert watched.complaints == []
    assert watched.addresses
    assert all(url.startswith((base, "data:")) for url in watched.addresses)


def open_page(page: Page, releases: Path, name: str) -> None:
    page.goto((releases / PAGES[name]).as_uri())


def test_the_language_is_switched_and_remembered(page: Page, releases: Path) -> None:
    open_page(page, releases, "overview")
    total = number(site_release.release().units["H31"].total_score or 0, 2)
    assert "," in total
    expect(page.locator("#total-score")).to_have_text(total)
    expect(page.get_by_role("heading", name="Sáu nhóm chỉ số")).to_be_visible()
    expect(page).to_have_title("Tổng quan – Tỉnh Mẫu, tháng 8/2025 – DỮ LIỆU MẪU")
    page.get_by_role("button", name="English").click()
    expect(page.locator("#total-score")).to_have_text(total.replace(",", "."))
    expect(page.get_by_role("heading", name="Six groups of criteria")).to_be_visible()
    expect(page.get_by_text("Sáu nhóm chỉ số")).to_be_hidden()
    expect(page).to_have_title("Overview – Tỉnh Mẫu, August 2025 – DỮ LIỆU MẪU")
    page.get_by_role("link", name="Ranking", exact=True).click()
    expect(page.locator("html")).to_have_attribute("lang", "en")
    expect(page.get_by_role("heading", level=1)).to_contain_text("Ranking of units")
    page.get_by_role("button", name="Tiếng Việt").click()
    page.reload()
    expect(page.locator("html")).to_have_attribute("lang", "vi")


@pytest.mark.parametrize("language", ["vi", "en"])
def test_every_number_is_mirrored_and_mirrored_back(
    page: Page, releases: Path, language: str
) -> None:
    open_page(page, releases, "compliance")
    figures = page.locator("td .n, td.n")
    vietnamese = figures.all_inner_texts()
    assert any("." in text for text in vietnamese)
    assert any("," in text for text in vietnamese)
    page.locator("#language").click()
    english = figures.all_inner_texts()
    assert english == [text.translate(str.maketrans(".,", ",.")) for text in vietnamese]
    page.locator("#language").click()
    assert figures.all_inner_texts() == vietnamese


def column(page: Page, table: str, index: int) -> list[str]:
    cells = f"table:has(#{table}) tbody tr:visible > :nth-child({index + 1})"
    return page.locator(cells).all_inner_texts()


@pytest.mark.parametrize("language", ["vi", "en"])
def test_tables_sort_by_number_in_both_languages(page: Page, releases: Path, language: str) -> None:
    open_page(page, releases, "criterion")
    name = "Mẫu số"
    if language == "en":
        page.locator("#language").click()
        name = "Denominator"
    heading = page.get_by_role("columnheader", name=name)
    expect(heading).not_to_have_attribute("aria-sort", "ascending")
    heading.get_by_role("button").focus()
    page.keyboard.press("Enter")
    expect(heading).to_have_attribute("aria-sort", "ascending")
    expected = [
        score.denominator
        for (_, code), score in site_release.release().criterion_scores.items()
        if code == "05"
    ]
    separator = "." if language == "vi" else ","
    found = [int(text.replace(separator, "")) for text in column(page, "units", 4)]
    assert found == sorted(n for n in expected if n is not None)
    heading.get_by_role("button").click()
    expect(heading).to_have_attribute("aria-sort", "descending")
    found = [int(text.replace(separator, "")) for text in column(page, "units", 4)]
    assert found == sorted((n for n in expected if n is not None), reverse=True)


def test_values_that_are_missing_stay_behind(page: Page, releases: Path) -> None:
    page.goto((releases / HAND_MADE / "criteria" / "08.html").as_uri())
    button = page.get_by_role("columnheader", name="Tỷ lệ").get_by_role("button")
    for _ in ("ascending", "descending"):
        button.click()
        rates = column(page, "units", 2)
        withheld = [text == "n<5" for text in rates]
        assert any(withheld)
        assert withheld == sorted(withheld)


def test_names_sort_by_the_vietnamese_alphabet(page: Page, releases: Path) -> None:
    open_page(page, releases, "ranking")
    heading = page.locator("table:has(#table-1)").get_by_role("columnheader", name="Đơn vị")
    heading.get_by_role("button").click()
    names = [name for name in column(page, "table-1", 1) if name.startswith("Xã số")]
    assert names == sorted(names, key=lambda name: int(name.split()[-1]))


def test_the_ranking_is_filtered(page: Page, releases: Path) -> None:
    open_page(page, releases, "ranking")
    units = site_release.release().units
    shown = page.locator("main tbody tr:visible")
    count = page.locator("output")
    expect(count).to_have_text(f"{len(units)} đơn vị", use_inner_text=True)
    page.get_by_label("Tìm tên").fill("SO SO")
    expect(count).to_have_text("2 đơn vị", use_inner_text=True)
    assert [text.split("\t")[1] for text in shown.all_inner_texts()] == ["Sở số 1", "Sở số 2"]
    expect(page.get_by_role("heading", name="Xã, phường")).to_be_hidden()
    page.get_by_role("button", name="Bỏ lọc").click()
    expect(count).to_have_text(f"{len(units)} đơn vị", use_inner_text=True)
    page.get_by_label("Loại đơn vị").select_option("commune")
    communes = [unit for unit in units.values() if unit.unit_type == "commune"]
    expect(shown).to_have_count(len(communes))
    page.get_by_label("Xếp loại").select_option("Tốt")
    expect(shown).to_have_count(sum(unit.band == "Tốt" for unit in communes))
    page.get_by_label("chưa đạt chỉ tiêu").check()
    below = {
        row.unit_code
        for row in site_release.release().compliance
        if (row.metric_code, row.basis, row.field_code)
        == ("end_to_end_online", "year_to_date", "*")
        and row.is_compliant is False
    }
    left = [u for u in communes if u.band == "Tốt" and u.unit_code in below]
    assert 0 < len(left) < len(communes)
    expect(shown).to_have_count(len(left))


def test_a_tile_leads_to_its_unit(page: Page, releases: Path) -> None:
    open_page(page, releases, "overview")
    unit = site_release.release().units["H31.002"]
    score = number(unit.total_score or 0, 2)
    page.get_by_role("link", name=re.compile(rf"^Xã số 2 {score} ?, hạng 2.14$")).click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Xã số 2")
    expect(page.locator("#rank")).to_have_text("2")


@pytest.mark.parametrize("kind", PAGES)
def test_pages_are_complete_without_scripts(
    page_without_scripts: Page, releases: Path, kind: str
) -> None:
    page = page_without_scripts
    page.goto((releases / PAGES[kind]).as_uri())
    expect(page.get_by_role("heading", level=1)).to_be_visible()
    assert page.locator("main .vi:visible").count() > 0
    hidden = "#language, form.filters, th button, main .en"
    assert page.locator(hidden).count() > 1
    expect(page.locator(hidden).filter(visible=True)).to_have_count(0)


@pytest.mark.parametrize("kind", PAGES)
def test_a_phone_never_scrolls_the_page_sideways(page: Page, releases: Path, kind: str) -> None:
    page.set_viewport_size(PHONE)
    open_page(page, releases, kind)
    for _ in ("vi", "en"):
        page.evaluate("document.querySelectorAll('details').forEach((d) => { d.open = true; })")
        width = page.evaluate("document.documentElement.scrollWidth")
        assert width <= PHONE["width"]
        page.locator("#language").click()


def test_a_replaced_release_leads_to_the_same_page_of_the_newest(
    page: Page, releases: Path
) -> None:
    unit = f"units/{slug('H31.005')}.html"
    page.goto((releases / "2025-03/r1/site" / unit).as_uri())
    link = page.get_by_role("link", name="Bản này đã được thay bằng bản 2025-03.r2.")
    expect(link).to_be_visible()
    link.click()
    assert page.url == (releases / "2025-03/r2/site" / unit).as_uri()
    assert page.locator("#newer a").count() == 0


@pytest.fixture
def told(releases: Path, tmp_path: Path) -> Path:
    """A tree with the release that is made by hand; tests write what is told of others."""
    shutil.copytree(releases / "2025-08", tmp_path / "2025-08")
    return tmp_path


def _entry(release: str, status: str = "final", **facts: object) -> dict[str, object]:
    period, folder = release.split(".")
    return {
        "id": release,
        "kind": "monthly",
        "period": period,
        "status": status,
        "current": True,
        "folder": f"{period}/{folder}",
        "pages": 0,
    } | facts


@pytest.mark.parametrize(
    ("entries", "text", "leads_to"),
    [
        ([_entry("2025-08.r2")], None, None),
        ([], None, None),
        (
            [_entry("2025-08.r2"), _entry("2025-09.r1"), _entry("2025-10.r1", folder=None)],
            "Đã có số liệu tháng 09/2025.",
            "2025-09/r1/site/index.html",
        ),
        (
            [_entry("2025-08.r2"), _entry("2025-09.r1", pages=1)],
            "Đã có số liệu tháng 09/2025.",
            "2025-09/r1/site/about.html",
        ),
        (
            [_entry("2025-08.r2", folder="2025-08/r2-final")],
            "Số liệu này nay đã là chính thức.",
            "2025-08/r2-final/site/index.html",
        ),
        (
            [_entry("2025-08.r2", "suspended", folder=None)],
            "Bản này đã tạm ngừng công bố.",
            None,
        ),
    ],
)
def test_a_page_tells_what_became_of_its_release(
    watched: Watched,
    told: Path,
    entries: list[dict[str, object]],
    text: str | None,
    leads_to: str | None,
) -> None:
    known = {"releases": entries, "pages": [["index.html"], ["index.html", "about.html"]]}
    (told / "releases.js").write_text(
        f"window.serviceIndexReleases = {json.dumps(known)};", encoding="ascii"
    )
    page = watched.page
    page.goto((told / HAND_MADE / "about.html").as_uri())
    if text is None:
        expect(page.locator("#newer")).to_be_empty()
    else:
        expect(page.locator("#newer")).to_contain_text(text)
    links = [link.get_attribute("href") for link in page.locator("#newer a").all()]
    assert links == ([f"../../../{leads_to}"] if leads_to else [])
    assert watched.complaints == []


def test_a_page_is_whole_where_nothing_is_known_of_other_releases(page: Page, told: Path) -> None:
    page.goto((told / HAND_MADE / "about.html").as_uri())
    page.get_by_role("button", name="English").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("About")


@pytest.mark.parametrize("kind", ["overview", "ranking", "commune", "compliance"])
def test_print_says_status_and_sample_on_every_sheet(page: Page, releases: Path, kind: str) -> None:
    open_page(page, releases, kind)
    page.emulate_media(media="print")
    for control in page.locator("nav, #language, form.filters").all():
        expect(control).to_be_hidden()
    expect(page.get_by_text("Đã điều chỉnh", exact=True).first).to_be_visible()
    with pdfplumber.open(io.BytesIO(page.pdf(prefer_css_page_size=True))) as pdf:
        texts = [sheet.extract_text() for sheet in pdf.pages]
    assert len(texts) > 1
    for text in texts:
        assert "DỮ LIỆU MẪU" in text
        assert "Đã điều chỉnh" in text


def test_a_reader_without_a_mouse_reaches_content_and_controls(page: Page, releases: Path) -> None:
    open_page(page, releases, "ranking")
    page.keyboard.press("Tab")
    skip = page.get_by_role("link", name="Đến nội dung chính")
    expect(skip).to_be_focused()
    expect(skip).to_be_in_viewport()
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")
    expect(page.get_by_label("Tìm tên")).to_be_focused()
