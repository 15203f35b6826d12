"""Reads pages back, as somebody does who sees one language of them."""

from __future__ import annotations

import copy
from decimal import Decimal
from pathlib import Path
from urllib.parse import unquote, urlsplit

from lxml import html

from service_index.publishing.site.slugs import slug


def unit_page(pages: Path, code: str) -> Path:
    return pages / "units" / f"{slug(code)}.html"


def amount(printed: str) -> Decimal:
    """A number as a reader takes it from a page."""
    return Decimal(printed.replace(".", "").replace(",", ".").replace("−", "-"))


def parse(page: Path) -> html.HtmlElement:
    return html.fromstring(page.read_text(encoding="utf-8"))


def text_of(element: html.HtmlElement, language: str = "vi") -> str:
    """The text that is shown: of one language, without what only readers of screens hear."""
    shown = copy.deepcopy(element)
    shown.tail = None
    hidden = "en" if language == "vi" else "vi"
    for part in shown.xpath(f'.//*[@class="{hidden}" or @class="sr"]'):
        part.drop_tree()
    return " ".join(shown.text_content().split())


def table(root: html.HtmlElement, caption_id: str, language: str = "vi") -> list[list[str]]:
    """The body of the table with that caption, cell by cell, without empty cells of charts."""
    found = root.xpath(f'//table[caption/@id="{caption_id}"]')
    assert len(found) == 1, caption_id
    return [
        [
            text_of(cell, language)
            for cell in row.xpath("./td | ./th")
            if "bars" not in cell.get("class", "")
        ]
        for row in found[0].xpath("./tbody/tr")
    ]


def links(page: Path) -> set[Path]:
    """Files that a page needs or leads to."""
    found = set()
    for element, attribute, address, _ in parse(page).iterlinks():
        if address.startswith(("#", "data:")) or element.get("http-equiv"):
            continue
        parts = urlsplit(address)
        assert not parts.scheme and not parts.netloc, f"{page}: {attribute} {address}"
        found.add((page.parent / unquote(parts.path)).resolve())
    return found
