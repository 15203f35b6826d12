"""Pages stay harmless, whole and the same, whatever names and codes a source delivers."""

from __future__ import annotations

import os
import subprocess
import sys
import unicodedata
from dataclasses import replace
from pathlib import Path

import pytest

from service_index.publishing import site
from service_index.publishing.site.slugs import slug
from service_index.settings import PROJECT_ROOT
from tests.browser import site_release
from tests.browser.reading import links, parse, text_of

MADE_BY_OTHERS = ("index.html", "releases.js")


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A release in the tree of releases, with the files that lie beside its pages."""
    releases = tmp_path_factory.mktemp("releases")
    for name in MADE_BY_OTHERS:
        (releases / name).write_text("", encoding="utf-8")
    folder = releases / "2025-08" / "r2"
    (folder / "documents").mkdir(parents=True)
    (folder / "documents" / "letter.pdf").write_bytes(b"x" * 12_345)
    (folder / "data").mkdir()
    (folder / "data" / "monthly_score.csv").write_bytes(b"x" * 1_234_567)
    for name in ("CHANGES.csv", "NOTICE.txt"):
        (folder / name).write_bytes(b"x")
    site.write(site_release.revision(site_release.release()), site_release.earlier(), folder)
    for name in ("SHA256SUMS", "datapackage.json"):
        (folder / name).write_text("", encoding="utf-8")
    return folder


@pytest.fixture(scope="module")
def pages(folder: Path) -> list[Path]:
    found = sorted((folder / "site").rglob("*.html"))
    release = site_release.release()
    assert len(found) == 6 + len(release.criteria) + len(release.units)
    return found


@pytest.mark.fault(27, "markup in names on the public pages")
def test_names_are_text_and_nothing_else(pages: list[Path]) -> None:
    ours = {"language.js", "site.js", "releases.js"}
    for page in pages:
        root = parse(page)
        assert {Path(s.get("src", "?")).name for s in root.iter("script")} == ours, page
        assert not root.xpath("//img | //iframe | //object | //body//b | //body//title"), page
        assert not root.xpath('//@*[starts-with(name(), "on")]'), page
        assert not root.xpath('//@href[starts-with(., "javascript")]'), page
        content = page.read_text(encoding="utf-8")
        unprintable = {c for c in content if unicodedata.category(c) in {"Cc", "Cf", "Zl", "Zp"}}
        assert unprintable == {"\n"}, page
    heading = {code: _heading(pages, code) for code in site_release.HOSTILE}
    assert heading["H31.003"] == '<script>alert("x")</script>'
    assert heading["H31.004"].startswith("{{ 7*7 }}{% raw %}</title></script><img src=x")
    assert heading["H31.005"] == '=HYPERLINK("http://evil.example";"Xã")'
    assert heading["H31.006"] == "Xã [31m BA '\"&amp;"
    assert heading["H31.007"] == ("Dài" * 60)[:159] + "…"


def _heading(pages: list[Path], code: str) -> str:
    (page,) = [page for page in pages if page.stem == slug(code)]
    return text_of(parse(page).xpath("//h1")[0])


def test_codes_cannot_leave_the_folder(folder: Path) -> None:
    everything = {path.relative_to(folder) for path in folder.rglob("*") if path.is_file()}
    beside = {Path("CHANGES.csv"), Path("NOTICE.txt"), Path("SHA256SUMS"), Path("datapackage.json")}
    of_pages = {path for path in everything if path.parts[0] == "site"}
    assert everything - of_pages == beside | {
        Path("documents/letter.pdf"),
        Path("data/monthly_score.csv"),
    }
    assert {path.parts[1] for path in of_pages if len(path.parts) == 3} == {
        "assets",
        "criteria",
        "units",
    }


def test_every_link_leads_somewhere_and_every_page_is_linked(
    folder: Path, pages: list[Path]
) -> None:
    reached: set[Path] = set()
    for page in pages:
        for target in links(page):
            assert target.is_file(), f"{page.name} links {target}"
            assert target.is_relative_to(folder.parents[1])
            reached.add(target)
    assert {page.resolve() for page in pages} <= reached
    assert (folder / "documents" / "letter.pdf").resolve() in reached


def test_ids_are_unique_and_references_lead_to_them(pages: list[Path]) -> None:
    for page in pages:
        root = parse(page)
        ids = root.xpath("//@id")
        assert len(ids) == len(set(ids)), page
        for named in root.xpath("//@aria-labelledby"):
            assert named in ids, f"{page}: {named}"
        for address in root.xpath('//@href[starts-with(., "#")]'):
            assert address[1:] in ids, f"{page}: {address}"


def test_every_page_says_what_it_is(pages: list[Path]) -> None:
    for page in pages:
        root = parse(page)
        text = text_of(root.body)
        for told in ("DỮ LIỆU MẪU", "Đã điều chỉnh", "00:00 01/09/2025", "2025-08.r2"):
            assert told in text, page
        assert "DỮ LIỆU MẪU" in root.xpath("//title")[0].text
        assert root.get("lang") == "vi"


def test_real_data_do_not_call_themselves_a_sample(tmp_path: Path) -> None:
    release = site_release.release(is_sample=False)
    site.write(release, [], tmp_path)
    for page in (tmp_path / "site").rglob("*.html"):
        assert "DỮ LIỆU MẪU" not in page.read_text(encoding="utf-8")


def test_downloads_tell_their_sizes(folder: Path) -> None:
    items = parse(folder / "site" / "about.html").xpath('//ul[@class="downloads"]/li')
    told = {item.xpath(".//a/@href")[0]: text_of(item) for item in items}
    assert told["../documents/letter.pdf"] == "Công văn tháng letter.pdf 12 kB"
    assert told["../data/monthly_score.csv"] == "monthly_score.csv 1,2 MB"
    assert set(told) >= {"../SHA256SUMS", "../datapackage.json", "../NOTICE.txt"}


def test_both_languages_are_complete(pages: list[Path]) -> None:
    for page in pages:
        root = parse(page)
        for part in root.xpath('//span[@class="vi" or @class="en"]'):
            assert (part.text_content()).strip(), page
        assert len(root.xpath('//span[@class="vi"]')) == len(root.xpath('//span[@class="en"]'))


_WRITE = """
import sys
from pathlib import Path
from service_index.publishing import site
from tests.browser import site_release
site.write(site_release.release(), site_release.earlier(), Path(sys.argv[1]))
"""


def test_the_same_release_gives_the_same_bytes_anywhere(tmp_path: Path) -> None:
    trees = []
    for seed, zone in (("1", "UTC"), ("2", "America/New_York")):
        folder = tmp_path / seed
        folder.mkdir()
        subprocess.run(
            [sys.executable, "-c", _WRITE, str(folder)],
            env=os.environ | {"PYTHONHASHSEED": seed, "TZ": zone, "LC_ALL": "C"},
            cwd=PROJECT_ROOT,
            check=True,
        )
        trees.append(
            {
                path.relative_to(folder): path.read_bytes()
                for path in sorted(folder.rglob("*"))
                if path.is_file()
            }
        )
    assert len(trees[0]) > 20
    assert trees[0] == trees[1]


def test_pages_are_never_mixed_with_others(tmp_path: Path) -> None:
    release = site_release.plain_release()
    site.write(release, [], tmp_path)
    with pytest.raises(FileExistsError):
        site.write(replace(release), [], tmp_path)
