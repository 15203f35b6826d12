"""Pictures of every kind of page, at a phone's width and a desk's: for people to look at.

They are kept in the folder that SERVICE_INDEX_SCREENSHOTS names, else in pytest's own.
"""

from __future__ import annotations

import struct
from pathlib import Path

import pytest
from playwright.sync_api import Page

from tests.browser.conftest import PAGES, SCREENSHOTS


@pytest.mark.parametrize("width", [390, 1280])
@pytest.mark.parametrize("kind", PAGES)
def test_a_picture_is_as_wide_as_the_screen(
    page: Page, releases: Path, tmp_path: Path, kind: str, width: int
) -> None:
    page.set_viewport_size({"width": width, "height": 900})
    page.goto((releases / PAGES[kind]).as_uri())
    assert page.evaluate("document.documentElement.scrollWidth") == width
    folder = Path(SCREENSHOTS) if SCREENSHOTS else tmp_path
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{kind.replace(' ', '_')}-{width}.png"
    page.screenshot(path=path, full_page=True)
    shown = struct.unpack(">II", path.read_bytes()[16:24])
    # A page may be longer than its screen, never wider.
    assert shown[0] == width
    assert shown[1] == page.evaluate("document.documentElement.scrollHeight") >= 900
