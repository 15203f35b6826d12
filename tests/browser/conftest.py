"""A real browser, and a tree of releases that it opens as files and through a web server."""

from __future__ import annotations

import functools
import os
import shutil
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import psycopg
import pytest
from playwright.sync_api import Browser, Page, ViewportSize, sync_playwright

from service_index.publishing import site
from service_index.publishing.site.slugs import slug
from service_index.publishing.statistical_form import publish_form
from service_index.publishing.suspension import suspend
from service_index.warehouse import connection
from tests.browser import site_release
from tests.integration.publish_marts import (
    FIXTURES,
    fill_march,
    finish_transform,
    publish,
    resolve_late,
)
from tests.integration.site_tree import write_release
from tests.warehouses import fresh_warehouse

# Read before the tests are kept apart from whoever runs them.
SCREENSHOTS = os.environ.get("SERVICE_INDEX_SCREENSHOTS")
DESK: ViewportSize = {"width": 1280, "height": 900}
HAND_MADE = "2025-08/r2/site/"
# One of each kind, those with hostile names among them.
PAGES = {
    "home": "index.html",
    "home without a month": "suspended/index.html",
    "overview": HAND_MADE + "index.html",
    "ranking": HAND_MADE + "ranking.html",
    "criteria": HAND_MADE + "criteria/index.html",
    "criterion": HAND_MADE + "criteria/05.html",
    "suspended criterion": HAND_MADE + f"criteria/{site_release.SUSPENDED}.html",
    "compliance": HAND_MADE + "compliance.html",
    "changes": HAND_MADE + "changes.html",
    "about": HAND_MADE + "about.html",
    "province": HAND_MADE + f"units/{slug(site_release.PROVINCE)}.html",
    "commune": HAND_MADE + f"units/{slug('H31.002')}.html",
    "hostile commune": HAND_MADE + f"units/{slug('H31.004')}.html",
    "long name": HAND_MADE + f"units/{slug('H31.007')}.html",
    "replaced release": "2025-03/r1/site/index.html",
}


class _Quiet(SimpleHTTPRequestHandler):
    def log_message(self, *_: Any) -> None:
        """Says nothing in the middle of the tests' own output."""


@dataclass
class Watched:
    """A page, and what went wrong on it; `addresses` are all that it asked for."""

    page: Page
    complaints: list[str] = field(default_factory=list)
    addresses: list[str] = field(default_factory=list)


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    path = shutil.which("chromium")
    assert path, "these tests need Debian's chromium"
    with sync_playwright() as playwright:
        launched = playwright.chromium.launch(executable_path=path, args=["--no-sandbox"])
        yield launched
        launched.close()


@pytest.fixture(scope="session")
def releases(postgres_server: str, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """March twice and a form, from a warehouse, and the release that is made by hand.

    In `suspended` once more, after the present March was suspended.
    """
    tree = tmp_path_factory.mktemp("browser") / "releases"
    hand_made = tree / "2025-08" / "r2"
    for part in ("documents", "data"):
        (hand_made / part).mkdir(parents=True)
        (hand_made / part / "file.csv").write_bytes(b"x")
    site.write(site_release.revision(site_release.release()), site_release.earlier(), hand_made)
    with (
        fresh_warehouse(postgres_server) as dsn,
        connection.connect(dsn) as warehouse,
    ):
        fill_march(warehouse)
        publish(warehouse)
        write_release(warehouse, "2025-03.r1", tree)
        resolve_late(warehouse, "H31.005", 6)
        publish(warehouse)
        write_release(warehouse, "2025-03.r2", tree)
        _publish_form(warehouse, tree)
        site.write_home(warehouse, tree)
        suspend(warehouse, "2025-03.r2", "đang rà soát <b>nguồn</b>")
        for period in ("2025-03", "2025Q3"):
            shutil.copytree(tree / period, tree / "suspended" / period)
        site.write_home(warehouse, tree / "suspended")
    return tree


def _publish_form(warehouse: psycopg.Connection, tree: Path) -> None:
    warehouse.execute((FIXTURES / "marts_form.sql").read_text(encoding="utf-8"))
    finish_transform(warehouse, datetime(2025, 9, 15, 17, tzinfo=UTC))
    publish_form(warehouse, "2025Q3", code_revision="abc", is_sample=True)
    documents = tree / "2025Q3" / "r1" / "documents"
    documents.mkdir(parents=True)
    for suffix in ("docx", "pdf", "xlsx"):
        (documents / f"statistical_form.{suffix}").write_bytes(b"x" * 54_321)


@pytest.fixture(scope="session")
def served(releases: Path) -> Iterator[str]:
    """The address of a plain web server over the releases."""
    handler = functools.partial(_Quiet, directory=str(releases))
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}/"
        server.shutdown()
        thread.join()


@pytest.fixture(scope="session")
def _window(browser: Browser) -> Watched:
    """One window for all tests: opening another takes longer than reading a page."""
    page = browser.new_page()
    seen = Watched(page)
    page.on("console", lambda message: seen.complaints.append(f"console: {message.text}"))
    page.on("pageerror", lambda error: seen.complaints.append(f"error: {error}"))
    page.on("requestfailed", lambda request: seen.complaints.append(f"failed: {request.url}"))
    page.on("dialog", lambda dialog: seen.complaints.append(f"dialog: {dialog.message}"))
    page.on("request", lambda request: seen.addresses.append(request.url))
    return seen


@pytest.fixture
def watched(_window: Watched) -> Iterator[Watched]:
    """A reader who has never been here, at a desk, by day."""
    _window.complaints.clear()
    _window.addresses.clear()
    _window.page.set_viewport_size(DESK)
    _window.page.emulate_media(media="screen", color_scheme="light")
    yield _window
    if _window.page.url != "about:blank":
        _window.page.evaluate("window.localStorage.clear()")


@pytest.fixture
def page(watched: Watched) -> Page:
    return watched.page


@pytest.fixture(scope="session")
def page_without_scripts(browser: Browser) -> Page:
    return browser.new_context(java_script_enabled=False).new_page()
