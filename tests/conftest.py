"""Shared fixtures: one real PostgreSQL a session, one fresh warehouse a test."""

from __future__ import annotations

import os
from collections.abc import Iterator

import psycopg
import pytest
from xdist.remote import Producer
from xdist.scheduler import LoadFileScheduling

from service_index.warehouse import connection
from tests.warehouses import KEPT_SERVER, fresh_warehouse, throw_away_server

pytest_plugins = ["tests.reliability.report"]


class _ByWhatIsShared(LoadFileScheduling):  # type: ignore[misc] # xdist is not followed
    """A file to one worker; all of tests/reliability, which begins with the same long run, too."""

    def _split_scope(self, nodeid: str) -> str:
        folder = "tests/reliability/"
        return folder if nodeid.startswith(folder) else super()._split_scope(nodeid)


def pytest_xdist_make_scheduler(config: pytest.Config, log: Producer) -> LoadFileScheduling | None:
    """With `--long` there is enough of each file for a beginning of its own."""
    is_by_file = config.getoption("dist") == "loadfile"
    return _ByWhatIsShared(config, log) if is_by_file and not config.getoption("--long") else None


@pytest.fixture(scope="session", autouse=True)
def _environment_of_its_own() -> Iterator[None]:
    """No test sees the connections or the home of whoever runs it."""
    kept = {k: v for k, v in os.environ.items() if k.startswith(("AIRFLOW", "SERVICE_INDEX"))}
    for name in kept:
        del os.environ[name]
    yield
    os.environ.update(kept)


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[str]:
    """The dsn of a throw-away server, or of one that whoever runs the tests keeps."""
    if kept := os.environ.get(KEPT_SERVER):
        yield kept
    else:
        with throw_away_server() as dsn:
            yield dsn


@pytest.fixture
def warehouse_dsn(postgres_server: str) -> Iterator[str]:
    """The dsn of a fresh, migrated, empty warehouse."""
    with fresh_warehouse(postgres_server) as dsn:
        yield dsn


@pytest.fixture
def warehouse(warehouse_dsn: str) -> Iterator[psycopg.Connection]:
    """An open connection to a fresh warehouse."""
    with connection.connect(warehouse_dsn) as opened:
        yield opened
