"""Fixtures that several integration tests share."""

from __future__ import annotations

from collections.abc import Iterator

import psycopg
import pytest

from tests.integration.alert_support import Duty, Unattended, duty_officer, unattended
from tests.integration.publish_marts import fill_march


@pytest.fixture
def march(warehouse: psycopg.Connection) -> psycopg.Connection:
    """A warehouse whose marts hold March; a test that needs another March defines its own."""
    fill_march(warehouse)
    return warehouse


@pytest.fixture(scope="session")
def airflow() -> Iterator[Unattended]:
    """An Airflow whose runs nobody waits for."""
    with unattended() as running:
        yield running


@pytest.fixture
def duty() -> Iterator[Duty]:
    """Who is told, once a test has put `duty.addresses` where they belong."""
    with duty_officer() as officer:
        yield officer
