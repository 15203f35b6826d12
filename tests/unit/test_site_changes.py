"""What a revision's page of changes says: the notice's sentences, then every value."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from lxml import html

from service_index.publishing import site
from service_index.publishing.notice import restatements
from service_index.publishing.site import changed
from service_index.publishing.site.material import prepare
from tests.browser import site_release
from tests.browser.reading import parse, table, text_of

NOTHING = "–"


@pytest.fixture(scope="module")
def page(tmp_path_factory: pytest.TempPathFactory) -> html.HtmlElement:
    folder = tmp_path_factory.mktemp("r2")
    (folder / "CHANGES.csv").write_text("x", encoding="utf-8")
    revision = site_release.revision(site_release.release())
    site.write(revision, site_release.earlier(), folder)
    return parse(folder / "site" / "changes.html")


def test_every_value_that_changed(page: html.HtmlElement) -> None:
    late = "Dữ liệu đến muộn"
    assert table(page, "changes-1") == [
        ["Xã số 2", NOTHING, "Xếp hạng", "3", "4", late],
        # Two decimals would show no change.
        ["Xã số 2", NOTHING, "Tổng điểm", "7,0051", "7,0052", "X"],
    ]
    assert table(page, "changes-2") == [
        ["Xã số 2", "05", "Tỷ lệ", "98,12 %", "97,91 %", late],
        ["Xã số 9", "08", "Tử số", "n<5", "n<5", late],
    ]
    assert page.xpath('//a[@href="../CHANGES.csv"]') == page.xpath("//main//p/a")[:1]


def test_the_sentences_of_the_notice_in_both_languages(page: html.HtmlElement) -> None:
    lines = page.xpath('//ul[@id="sentences"]/li')
    hostile = site_release.HOSTILE["H31.004"]
    assert [text_of(line) for line in lines] == [
        "Xã số 2: hạng 3/14 → 2/14",
        "Xã số 2: tiêu chí 05: 0,023 → 0,020, 3 hồ sơ đổi kết quả",
        f"{hostile}: tổng điểm 1,01 → 92,16",
    ]
    assert [text_of(line, "en") for line in lines] == [
        "Xã số 2: rank 3/14 → 2/14",
        "Xã số 2: criterion 05: 0.023 → 0.020, 3 dossiers judged anew",
        f"{hostile}: total score 1.01 → 92.16",
    ]


def test_a_long_notice_is_cut_and_says_so(tmp_path: Path) -> None:
    full = site_release.revision(site_release.release(communes=500))
    assert full.previous is not None
    before = {code: replace(unit, total_score=None) for code, unit in full.units.items()}
    many = replace(full, previous=replace(full.previous, units=before))
    told = changed.sentences(prepare(many, []))
    assert len(told.lines) == changed.LISTED
    assert told.left_out == len(restatements(many)) - changed.LISTED > 0
    (tmp_path / "NOTICE.txt").write_text("x", encoding="utf-8")
    site.write(many, [], tmp_path)
    page = parse(tmp_path / "site" / "changes.html")
    section = text_of(page.xpath('//section[@aria-labelledby="sentences-title"]')[0])
    assert section.endswith(f"Còn {told.left_out} dòng nữa trong tệp NOTICE.txt.")


def test_a_first_release_has_nothing_to_tell(tmp_path: Path) -> None:
    site.write(site_release.release(), [], tmp_path)
    page = parse(tmp_path / "site" / "changes.html")
    assert not page.xpath('//ul[@id="sentences"] | //main//table')
    assert "không có thay đổi" in text_of(page.xpath("//main")[0])
