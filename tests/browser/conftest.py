"""A real browser, and a tree of releases that it opens as files and through a web server."""

from __future__ import annotations

import functools
import shutil
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import psycopg
import pytest
from playwright.sync_api import Browser, BrowserContext, Page, sync_playwright

from service_index.publishing import site
from service_index.publishing.edition import editions
from service_index.publishing.month_reading import read_earlier_months, read_month
from service_index.publishing.site.slugs import slug
from service_index.warehouse import connection
from tests.browser import site_release
from tests.integration.publish_marts import fill_march, publish, resolve_late
from tests.warehouses import fresh_warehouse

HAND_MADE = "2025-08/r2/site/"
# One of each kind, those with hostile names among them.
PAGES = {
    "home": "index.html",
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
    """March twice, from a warehouse, and the release that is made by hand."""
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
        _write(warehouse, "2025-03.r1", tree)
        resolve_late(warehouse, "H31.005", 6)
        publish(warehouse)
        _write(warehouse, "2025-03.r2", tree)
        site.write_home(warehouse, tree)
    return tree


def _write(warehouse: psycopg.Connection, release_id: str, tree: Path) -> None:
    (edition,) = editions(warehouse, release_id)
    folder = edition.folder(tree)
    folder.mkdir(parents=True)
    release, earlier = read_month(warehouse, edition), read_earlier_months(warehouse, edition)
    site.write(release, earlier, folder)
    warehouse.commit()


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


@pytest.fixture
def context(browser: Browser) -> Iterator[BrowserContext]:
    """A reader who has never been here."""
    made = browser.new_context(viewport={"width": 1280, "height": 900})
    yield made
    made.close()


@pytest.fixture
def watched(context: BrowserContext) -> Watched:
    return watch(context)


def watch(context: BrowserContext) -> Watched:
    page = context.new_page()
    seen = Watched(page)
    page.on("console", lambda message: seen.complaints.append(f"console: {message.text}"))
    page.on("pageerror", lambda error: seen.complaints.append(f"error: {error}"))
    page.on("requestfailed", lambda request: seen.complaints.append(f"failed: {request.url}"))
    page.on("dialog", lambda dialog: seen.complaints.append(f"dialog: {dialog.message}"))
    page.on("request", lambda request: seen.addresses.append(request.url))
    return seen
