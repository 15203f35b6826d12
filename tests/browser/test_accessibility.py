"""axe-core finds nothing at all on any kind of page, in either language, by day and by night."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from axe_playwright_python.base import AXE_SCRIPT
from playwright.sync_api import Page

from tests.browser.conftest import PAGES


def inject(page: Page) -> None:
    page.evaluate(AXE_SCRIPT)


def findings(page: Page) -> list[str]:
    """Every finding of axe, minor ones too, with where it is."""
    response: dict[str, Any] = page.evaluate("axe.run(document, {resultTypes: ['violations']})")
    assert response["passes"], "axe has looked at nothing"
    return [
        f"{violation['id']}: {violation['help']} at {node['target']}"
        for violation in response["violations"]
        for node in violation["nodes"]
    ]


@pytest.mark.parametrize("kind", PAGES)
def test_nothing_is_found(page: Page, releases: Path, kind: str) -> None:
    page.goto((releases / PAGES[kind]).as_uri())
    inject(page)
    grounds = set()
    for language in ("vi", "en"):
        assert page.locator("html").get_attribute("lang") == language
        for scheme in ("light", "dark"):
            page.emulate_media(color_scheme=scheme)
            grounds.add(page.evaluate("getComputedStyle(document.body).backgroundColor"))
            assert findings(page) == [], f"{language}, {scheme}"
        page.locator("#language").click()
    assert len(grounds) == 2, "by night as by day"


def test_axe_sees_a_page_that_is_bad(page: Page) -> None:
    page.goto("about:blank")
    page.set_content('<html lang="vi"><body><img src="data:,"><button></button></body></html>')
    inject(page)
    assert len(findings(page)) >= 2
