"""The pages of a release: plain HTML that needs no server and asks nobody outside for anything."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from service_index.publishing.edition import SAMPLE_NOTICE
from service_index.publishing.labels import Label
from service_index.publishing.month import EarlierMonth, MonthRelease
from service_index.publishing.site import downloads, figures, overview, rendering, targets, views
from service_index.publishing.site.material import Material, prepare

_ASSETS = ("style.css", "language.js", "site.js")
_TITLES = {
    "index": Label("Tổng quan", "Overview"),
    "ranking": Label("Xếp hạng các đơn vị", "Ranking of units"),
    "criteria": Label("Các tiêu chí", "Criteria"),
    "compliance": Label("Mức độ đạt chỉ tiêu", "Compliance with targets"),
    "changes": Label("Thay đổi", "Changes"),
    "about": Label("Giới thiệu, tải về", "About, downloads"),
}


@dataclass(frozen=True)
class _Page:
    """`path` is from the site's root, `template` without its suffix."""

    path: str
    template: str
    title: Label
    context: dict[str, Any]


def write(release: MonthRelease, earlier: list[EarlierMonth], folder: Path) -> None:
    """Write `folder`/site, which must not be there; the release's other files should be.

    `earlier` has the months before, the oldest first. The pages list the files that they find
    in `folder`, and name manifest and checksums, which are made after them. The same release
    and files give the same bytes.
    """
    material = prepare(release, earlier)
    site = folder / "site"
    for place in (site, site / "assets", site / "units", site / "criteria"):
        place.mkdir()
    for name in _ASSETS:
        shutil.copyfile(rendering.ASSETS / name, site / "assets" / name)
    for page in _pages(material, downloads.downloads(folder, is_being_made=True)):
        text = rendering.render(
            f"{page.template}.html.j2",
            edition=material.edition,
            is_sample=material.edition.is_sample,
            page=page.path,
            root="../" * page.path.count("/"),
            title=_title(material, page.title),
            unit_pages=material.unit_pages,
            criterion_pages=material.criterion_pages,
            **page.context,
        )
        (site / page.path).write_text(text, encoding="utf-8", newline="\n")


def _pages(material: Material, files: list[downloads.DownloadGroup]) -> Iterator[_Page]:
    fixed = {
        "index": {"view": overview.overview_of(material)},
        "ranking": views.ranking(material),
        "compliance": views.compliance(material),
        "changes": views.changes(material, files),
        "about": {"download_groups": files},
    }
    for name, context in fixed.items():
        yield _Page(f"{name}.html", name, _TITLES[name], context)
    yield _Page("criteria/index.html", "criteria", _TITLES["criteria"], views.criteria(material))
    for code, criterion in material.criteria.items():
        title = Label(f"{code} {criterion.name_vi}", f"{code} {criterion.name_en}")
        context = views.criterion(material, criterion)
        yield _Page(material.criterion_pages[code], "criterion", title, context)
    field_codes = targets.field_codes(material)
    for code, unit in material.release.units.items():
        title = Label(unit.unit_name, unit.unit_name)
        context = views.unit(material, unit, field_codes.get(code, []))
        yield _Page(material.unit_pages[code], "unit", title, context)


def _title(material: Material, title: Label) -> Label:
    month = figures.month(material.edition.period)
    place = figures.name(material.edition.province_name)
    sample = f" – {SAMPLE_NOTICE}" if material.edition.is_sample else ""
    return Label(
        f"{figures.name(title.vi)} – {place}, {month.vi}{sample}",
        f"{figures.name(title.en)} – {place}, {month.en}{sample}",
    )
