"""What `service-index superset` leaves behind, and what a second time does."""

from __future__ import annotations

import fcntl
import subprocess
from pathlib import Path

import psycopg
import requests

from service_index.orchestration import superset
from service_index.settings import Settings
from tests.bi.api import rows_of_a_chart, signed_in
from tests.bi.conftest import COMMAND, Served


def login(served: Served) -> str:
    return superset.login_of(Settings(home=served.pipeline.home, landing_url=""))


def verifier(served: Served) -> str:
    with served.pipeline.connect() as connection:
        found = connection.execute(
            "select rolpassword from pg_authid where rolname = %s", [login(served)]
        ).fetchone()
    assert found
    return str(found[0])


def titles(served: Served, kind: str, title: str) -> list[str]:
    answer = signed_in(served).get(f"{served.address}/api/v1/{kind}/?q=(page_size:100)", timeout=60)
    return sorted(one[title] for one in answer.json()["result"])


def test_it_says_where_and_how_to_sign_in_and_no_password(served: Served) -> None:
    assert served.address.replace("127.0.0.1", "localhost") in served.said
    assert "Sign in as admin; the password is in" in served.said
    for name in ("admin-password", "secret-key"):
        path = served.pipeline.home / "superset" / name
        assert path.stat().st_mode & 0o077 == 0
        assert path.read_text(encoding="utf-8") not in served.said
    # Nobody sees a dashboard without signing in.
    answer = requests.get(f"{served.address}/api/v1/dashboard/", timeout=60)
    assert answer.json()["count"] == 0 if answer.ok else answer.status_code == 401


def test_it_reads_as_a_bi_reader_and_sees_no_dossier(served: Served) -> None:
    with served.pipeline.connect() as connection:
        found = connection.execute(
            "select pg_has_role(%(login)s, 'bi_reader', 'member'), rolsuper, rolcreaterole "
            "from pg_roles where rolname = %(login)s",
            {"login": login(served)},
        ).fetchone()
    assert found == (True, False, False)
    session = signed_in(served)
    databases = session.get(f"{served.address}/api/v1/database/", timeout=60).json()["result"]
    assert len(databases) == 1

    def ask(query: str) -> requests.Response:
        return session.post(
            f"{served.address}/api/v1/sqllab/execute/",
            json={"database_id": databases[0]["id"], "sql": query, "runAsync": False},
            timeout=60,
        )

    allowed = ask("select count(*) as units from marts.mart_monthly_score")
    assert allowed.json()["data"][0]["units"] > 0
    refused = ask("select count(*) from marts.fct_dossier")
    assert not refused.ok
    assert "permission denied for table fct_dossier" in refused.text


def test_a_second_start_brings_the_dashboards_back(served: Served) -> None:
    session = signed_in(served)
    found = session.get(f"{served.address}/api/v1/dashboard/", timeout=60).json()["result"]
    assert len(found) == 5
    changed = session.put(
        f"{served.address}/api/v1/dashboard/{found[0]['id']}",
        json={"dashboard_title": "đã sửa"},
        timeout=60,
    )
    assert changed.ok
    before = [titles(served, kind, title) for kind, title in KINDS]
    password = verifier(served)
    said = served.start_again()
    # Another one, by which Superset goes on to sign in (tests/bi/conftest.py has the server ask).
    assert verifier(served) != password
    assert verifier(served).startswith("SCRAM-SHA-256$")
    assert "running already" in said
    after = [titles(served, kind, title) for kind, title in KINDS]
    assert [len(kind) for kind in after] == [len(kind) for kind in before]
    assert "đã sửa" in before[0]
    assert after[0] == sorted(one["dashboard_title"] for one in found)
    assert rows_of_a_chart(served) > 0


def test_superset_is_given_no_secret_of_others(served: Served) -> None:
    """The owner's password and the source's secret would undo that it reads as a bi_reader."""
    pids = (served.pipeline.home / "superset.pids").read_text(encoding="utf-8").split()
    environment = Path(f"/proc/{pids[0]}/environ").read_bytes().decode()
    names = {one.partition("=")[0] for one in environment.split("\0") if one}
    assert "AIRFLOW_CONN_WAREHOUSE" in served.environment
    assert not any(name.startswith(("AIRFLOW", "FLASK", "PG")) for name in names)
    assert served.password not in environment
    assert (served.pipeline.home / "superset").stat().st_mode & 0o077 == 0


def test_two_starts_at_once_are_one(served: Served) -> None:
    with (served.pipeline.home / "superset" / "lock").open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        done = subprocess.run(
            [COMMAND, "superset"],
            env=served.environment,
            capture_output=True,
            text=True,
            check=False,
        )
    assert done.returncode == 1
    assert done.stderr == "error: another `service-index superset` is at it: wait for it\n"


KINDS = (("dashboard", "dashboard_title"), ("chart", "slice_name"), ("dataset", "table_name"))


def test_nothing_scored_is_told_with_the_way_out(
    warehouse: psycopg.Connection, warehouse_dsn: str, tmp_path: Path, served: Served
) -> None:
    environment = served.environment | {
        "SERVICE_INDEX_HOME": str(tmp_path),
        "AIRFLOW_CONN_WAREHOUSE": warehouse_dsn,
    }
    done = subprocess.run(
        [COMMAND, "superset"], env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 1
    assert done.stderr.startswith("error: nothing is scored yet")
    assert len(done.stderr.splitlines()) == 1
