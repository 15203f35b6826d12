"""axe-core finds nothing at all on any kind of page, in either language, by day and by night."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page

from tests.browser.conftest import PAGES


def findings(page: Page) -> list[str]:
    """Every finding of axe, minor ones too, with where it is."""
    response: dict[str, Any] = Axe().run(page).response
    assert response["passes"], "axe has looked at nothing"
    return [
        f"{violation['id']}: {violation['help']} at {node['target']}"
        for violation in response["violations"]
        for node in violation["nodes"]
    ]


@pytest.mark.parametrize("kind", PAGES)
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_nothing_is_found(browser: Browser, releases: Path, kind: str, scheme: Any) -> None:
    context = browser.new_context(color_scheme=scheme)
    page = context.new_page()
    page.goto((releases / PAGES[kind]).as_uri())
    assert findings(page) == []
    page.locator("#language").click()
    assert findings(page) == []
    context.close()


def test_axe_sees_a_page_that_is_bad(browser: Browser) -> None:
    page = browser.new_page()
    page.set_content('<html lang="vi"><body><img src="data:,"><button></button></body></html>')
    assert len(findings(page)) >= 2
    page.close()
