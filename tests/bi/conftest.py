"""The real Superset, started by the product's command on a small province, and a browser in it."""

from __future__ import annotations

import json
import os
import re
import shutil
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import psycopg
import pytest
from playwright.sync_api import Locator, Page, Request, Response, sync_playwright

from service_index.orchestration import superset
from service_index.warehouse.connection import sqlalchemy_url
from tests import dashboard_files
from tests.cookbook_warehouse import cookbook_warehouse
from tests.pipeline import Pipeline
from tests.warehouses import fresh_warehouse

# Read before the tests are kept apart from whoever runs them.
SCREENSHOTS = os.environ.get("SERVICE_INDEX_SCREENSHOTS")
COMMAND = Path(sys.prefix) / "bin" / "service-index"
# Superset asks for a pixel of its makers; its settings forbid the browser to fetch it.
FORBIDDEN_PIXEL = "apachesuperset.gateway.scarf.sh"
# As tall as the longest dashboard: what is out of sight is not drawn.
SCREEN = {"width": 1500, "height": 2600}


QUIET_MILLISECONDS = 2_500
DRAWN = """count => {
    const held = document.querySelectorAll('[data-test="chart-container"]');
    const busy = document.querySelector(
        '[data-test="loading-indicator"], .loading, .ant-spin-spinning');
    return held.length === count && !busy;
}"""


@dataclass
class Served:
    """A running Superset, its warehouse, and how to start it again."""

    address: str
    pipeline: Pipeline
    environment: dict[str, str]
    said: str

    @property
    def password(self) -> str:
        path = self.pipeline.home / "superset" / "admin-password"
        return path.read_text(encoding="utf-8")

    def start_again(self) -> str:
        return _run(self.environment)


@dataclass
class Window:
    """A signed-in browser window. A chart's rows are those that Superset sent the browser to draw;
    what is asked of one is held, and all of a dashboard's charts have to be."""

    page: Page
    address: str
    complaints: list[str] = field(default_factory=list)
    asked: set[str] = field(default_factory=set)
    refused: set[tuple[str, str | None]] = field(default_factory=set)
    names: dict[int, str] = field(default_factory=dict)
    responses: list[Response] = field(default_factory=list)
    _rows: dict[str, list[dict[str, Any]]] = field(default_factory=dict)
    _charts: set[str] = field(default_factory=set)
    _held: set[str] = field(default_factory=set)

    def open(self, slug: str) -> None:
        """Open a dashboard and wait until each of its charts has got its rows and is drawn."""
        for forgotten in (self._rows, self._held, self.responses, self.complaints):
            forgotten.clear()
        (dashboard,) = (one for one in dashboard_files.dashboards() if one["slug"] == slug)
        self._charts = {
            chart["slice_name"] for chart in dashboard_files.charts_of(dashboard).values()
        }
        self.page.goto(f"{self.address}/superset/dashboard/{slug}/")
        self._wait()

    def number(self, chart: str) -> str:
        """What a chart of one big number shows."""
        return str(self._chart(chart).locator(".header-line").inner_text()).strip()

    def table(self, chart: str) -> list[list[str]]:
        """What a table shows, cell by cell."""
        shown = self._chart(chart).locator("table tbody tr").all()
        return [[cell.strip() for cell in row.locator("td").all_inner_texts()] for row in shown]

    def rows(self, chart: str) -> list[dict[str, Any]]:
        """What a chart is drawn of: bars and lines are a picture to a browser."""
        self._held.add(chart)
        return self._rows[chart]

    def assert_all_held(self) -> None:
        assert self._held == self._charts

    def choose(self, **values: str) -> None:
        """Choose values of filters beside the dashboard, by their column, and apply them."""
        for column, value in values.items():
            self._choose(column, value)
        self.page.locator("[data-test='filter-bar__apply-button']").click()
        self._wait()

    def _choose(self, column: str, value: str) -> None:
        box = self.page.locator(f"[data-test='NATIVE_FILTER-{column}']")
        box.locator(".ant-select-selector").click()
        self.page.keyboard.type(value)
        choice = self.page.locator(".ant-select-item-option").filter(
            has=self.page.get_by_text(value, exact=True)
        )
        choice.click()

    def _wait(self) -> None:
        """Until every chart is drawn, and for a while nothing more comes: what a filter's first
        value asks for comes after what was asked without it."""
        answered = -1
        while answered != len(self.responses):
            answered = len(self.responses)
            self.page.wait_for_timeout(QUIET_MILLISECONDS)
            self.page.wait_for_function(DRAWN, arg=len(self._charts), timeout=120_000)
        self._read_rows()

    def _chart(self, name: str) -> Locator:
        self._held.add(name)
        held = self.page.locator(".dashboard-component-chart-holder")
        title = self.page.locator(".header-title", has_text=re.compile(f"^{re.escape(name)}$"))
        return held.filter(has=title)

    def _read_rows(self) -> None:
        for response in self.responses:
            query = parse_qs(urlsplit(response.url).query)
            # Those of filters name no chart.
            if "form_data" not in query:
                continue
            name = self.names[json.loads(query["form_data"][0])["slice_id"]]
            if response.ok:
                self._rows[name] = response.json()["result"][0]["data"]
            else:
                self.complaints.append(f"{name}: {response.status} {response.text()[:300]}")
        self.responses.clear()

    def note(self, request: Request) -> None:
        if request.url.startswith("http"):
            self.asked.add(urlsplit(request.url).netloc)

    def note_failure(self, request: Request) -> None:
        host = urlsplit(request.url).netloc
        if host not in self.address:
            self.refused.add((host, request.failure))

    def keep(self, response: Response) -> None:
        if urlsplit(response.url).path == "/api/v1/chart/data":
            self.responses.append(response)


@contextmanager
def _passwords_for_readers(server: str) -> Iterator[None]:
    """Who reads has to give a password; else the embedded server trusts whoever is here."""
    with psycopg.connect(server, autocommit=True) as admin:
        (place,) = admin.execute("show hba_file").fetchone() or ("",)
        path = Path(place)
        trusting = path.read_text(encoding="utf-8")
        path.write_text(f"local all +bi_reader scram-sha-256\n{trusting}", encoding="utf-8")
        admin.execute("select pg_reload_conf()")
        try:
            yield
        finally:
            path.write_text(trusting, encoding="utf-8")
            admin.execute("select pg_reload_conf()")


@pytest.fixture(scope="session")
def served(postgres_server: str) -> Iterator[Served]:
    with (
        cookbook_warehouse(postgres_server) as pipeline,
        fresh_warehouse(postgres_server, "template0") as own,
        _passwords_for_readers(postgres_server),
    ):
        port = _free_port()
        environment = os.environ | {
            "SERVICE_INDEX_HOME": str(pipeline.home),
            "SERVICE_INDEX_SUPERSET_PORT": str(port),
            superset.DATABASE_VARIABLE: sqlalchemy_url(own, driver="psycopg2"),
        }
        _give_a_unit_a_hostile_name(pipeline)
        try:
            said = _run(environment)
            yield Served(f"http://127.0.0.1:{port}", pipeline, environment, said)
        finally:
            subprocess.run(
                [COMMAND, "down"], env=environment, check=True, capture_output=True, text=True
            )


HOSTILE = "<img src=x onerror=alert(1)><b>Xã</b> {{ 7 * 7 }} =1+1"
# In a table Superset takes the attributes out, and shows the rest as text.
HOSTILE_IN_A_TABLE = "<img src><b>Xã</b> {{ 7 * 7 }} =1+1"


def _give_a_unit_a_hostile_name(pipeline: Pipeline) -> None:
    """To the best commune of the newest month, which every ranking shows first, as long as it is
    the unit of its code."""
    with pipeline.connect() as connection:
        code, since = connection.execute(
            """
            select unit_code, max(d.valid_from)
            from marts.mart_monthly_score as s
            inner join marts.dim_unit as d using (unit_code)
            where s.unit_type = 'commune' and s.rank = 1
            group by unit_code, s.period_month
            order by s.period_month desc, unit_code
            limit 1
            """
        ).fetchone() or ("", None)
        for relation in ("intermediate.int_unit_period", "marts.mart_monthly_score"):
            connection.execute(
                f"update {relation} set unit_name = %s where unit_code = %s and period_month >= %s",
                [HOSTILE, code, since],
            )


@pytest.fixture(scope="session")
def window(served: Served) -> Iterator[Window]:
    path = shutil.which("chromium")
    assert path, "these tests need Debian's chromium"
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=["--no-sandbox"])
        page = browser.new_page(viewport=SCREEN)
        page.set_default_timeout(60_000)
        opened = Window(page, served.address)
        page.on("response", opened.keep)
        page.on("dialog", lambda dialog: opened.complaints.append(f"dialog: {dialog.message}"))
        page.on("pageerror", lambda error: opened.complaints.append(f"error: {error}"))
        page.on("request", opened.note)
        page.on("requestfailed", opened.note_failure)
        _sign_in(page, served)
        asked = page.request.get(f"{served.address}/api/v1/chart/?q=(page_size:100)")
        assert asked.ok, asked.text()
        opened.names = {one["id"]: one["slice_name"] for one in asked.json()["result"]}
        yield opened
        browser.close()


@pytest.fixture
def marts(served: Served) -> Iterator[psycopg.Connection]:
    with served.pipeline.connect() as connection:
        yield connection


def _sign_in(page: Page, served: Served) -> None:
    page.goto(f"{served.address}/login/")
    page.fill("#username", superset.ADMINISTRATOR)
    page.fill("#password", served.password)
    page.keyboard.press("Enter")
    page.wait_for_url(lambda address: "/login" not in address)
    # The address comes before the answer that has the session's cookie.
    page.locator("[data-test='navbar-top']").wait_for()
    page.wait_for_load_state("networkidle")


def _run(environment: dict[str, str]) -> str:
    done = subprocess.run(
        [COMMAND, "superset"], env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    return done.stdout + done.stderr


def _free_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])
