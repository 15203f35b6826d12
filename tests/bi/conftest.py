"""The real Superset, started by the product's command on a small province, and a browser in it."""

from __future__ import annotations

import json
import os
import shutil
import socket
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import psycopg
import pytest
from playwright.sync_api import Page, Response, sync_playwright

from service_index.orchestration import superset
from service_index.warehouse.connection import sqlalchemy_url
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
    """A signed-in browser window; `answers` are the rows of each chart by its name."""

    page: Page
    address: str
    answers: dict[str, list[dict[str, Any]]] = field(default_factory=dict)
    complaints: list[str] = field(default_factory=list)
    hosts: set[str] = field(default_factory=set)
    names: dict[int, str] = field(default_factory=dict)
    responses: list[Response] = field(default_factory=list)

    def open(self, slug: str, charts: int) -> None:
        """Open a dashboard and wait until each of its charts has got its rows and is drawn."""
        self.answers.clear()
        self.responses.clear()
        self.complaints.clear()
        self.page.goto(f"{self.address}/superset/dashboard/{slug}/")
        self.wait(charts)

    def wait(self, charts: int) -> None:
        self.page.wait_for_function(
            """count => {
                const held = document.querySelectorAll('[data-test="chart-container"]');
                const busy = document.querySelector(
                    '[data-test="loading-indicator"], .loading, .ant-spin-spinning');
                return held.length === count && !busy;
            }""",
            arg=charts,
            timeout=120_000,
        )
        self.page.wait_for_load_state("networkidle")
        self.page.wait_for_timeout(1_000)
        self._read_answers()

    def number(self, chart: str) -> str:
        return self._chart(chart).locator(".header-line").inner_text().strip()

    def table(self, chart: str) -> list[list[str]]:
        rows = self._chart(chart).locator("table tbody tr").all()
        return [[cell.strip() for cell in row.locator("td").all_inner_texts()] for row in rows]

    def choose(self, column: str, value: str) -> None:
        """Choose a value of the filter beside the dashboard, and apply it."""
        box = self.page.locator(f"[data-test='NATIVE_FILTER-{column}']")
        box.locator(".ant-select-selector").click()
        self.page.keyboard.type(value)
        self.page.locator(".ant-select-item-option", has_text=value).first.click()
        self.page.locator("[data-test='filter-bar__apply-button']").click()

    def _chart(self, name: str) -> Any:
        held = self.page.locator(".dashboard-component-chart-holder")
        title = self.page.locator(".header-title", has_text=name)
        return held.filter(has=title).first

    def _read_answers(self) -> None:
        for response in self.responses:
            query = parse_qs(urlsplit(response.url).query)
            # Those of filters name no chart.
            if "form_data" not in query:
                continue
            name = self.names[json.loads(query["form_data"][0])["slice_id"]]
            if response.ok:
                self.answers[name] = response.json()["result"][0]["data"]
            else:
                self.complaints.append(f"{name}: {response.status} {response.text()[:300]}")
        self.responses.clear()

    def keep(self, response: Response) -> None:
        if urlsplit(response.url).path == "/api/v1/chart/data":
            self.responses.append(response)


@pytest.fixture(scope="session")
def served(postgres_server: str) -> Iterator[Served]:
    with (
        cookbook_warehouse(postgres_server) as pipeline,
        fresh_warehouse(postgres_server, "template0") as own,
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
    """To the best commune of the newest month, which every ranking shows first."""
    with pipeline.connect() as connection:
        for relation in ("intermediate.int_unit_period", "marts.mart_monthly_score"):
            connection.execute(
                f"""
                update {relation} set unit_name = %s
                where (period_month, unit_code) = (
                    select period_month, unit_code from marts.mart_monthly_score
                    where unit_type = 'commune' and rank = 1
                    order by period_month desc, unit_code limit 1
                )
                """,
                [HOSTILE],
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
        page.on("requestfinished", lambda request: opened.hosts.add(urlsplit(request.url).netloc))
        _sign_in(page, served)
        asked = page.request.get(f"{served.address}/api/v1/chart/?q=(page_size:100)")
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
