"""Fixtures that several integration tests share."""

from __future__ import annotations

import psycopg
import pytest

from tests.integration.publish_marts import fill_march


@pytest.fixture
def march(warehouse: psycopg.Connection) -> psycopg.Connection:
    """A warehouse whose marts hold March; a test that needs another March defines its own."""
    fill_march(warehouse)
    return warehouse
