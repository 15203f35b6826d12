"""Superset's secret key: a wrong one, another one, and a lost one, as docs/security.md says.

The last of these tests by name: they stop the Superset that all share, and end everybody's session.
"""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import requests
from psycopg.conninfo import make_conninfo

from service_index.orchestration import superset, superset_secrets
from service_index.warehouse.connection import sqlalchemy_url
from tests.bi.api import rows_of_a_chart, signed_in
from tests.bi.conftest import COMMAND, Served

WRONG = "wrong-and-never-shown"


def start(served: Served, *arguments: str, **variables: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [COMMAND, "superset", *arguments],
        env=served.environment | variables,
        capture_output=True,
        text=True,
        check=False,
    )


def stop(served: Served) -> None:
    subprocess.run([COMMAND, "down"], env=served.environment, check=True, capture_output=True)


def is_signed_in(session: requests.Session, served: Served) -> bool:
    return session.get(f"{served.address}/api/v1/me/", timeout=60).ok


def key_file(served: Served) -> Path:
    return served.pipeline.home / "superset" / "secret-key"


@contextmanager
def other_key(served: Served, key: str) -> Iterator[None]:
    """Superset is stopped and has another key in this block, and its own again afterwards."""
    stop(served)
    own = key_file(served).read_text(encoding="utf-8")
    key_file(served).write_text(key, encoding="utf-8")
    try:
        yield
    finally:
        key_file(served).write_text(own, encoding="utf-8")


def in_own_database(served: Served, question: str) -> list[tuple[object, ...]]:
    with superset_secrets.connect(served.environment[superset.DATABASE_VARIABLE]) as connection:
        return connection.execute(question).fetchall()


def assert_is_refused(served: Served) -> None:
    refused = start(served)
    assert refused.returncode == 1
    assert refused.stderr.splitlines()[-1].startswith(
        f"error: {key_file(served)} is not the key by which Superset's own database was encrypted"
    )
    assert "`service-index superset --new-key`" in refused.stderr
    assert WRONG not in refused.stderr


def test_a_wrong_key_is_refused_and_the_right_one_goes_on(served: Served) -> None:
    with other_key(served, WRONG):
        assert_is_refused(served)
    assert start(served).returncode == 0
    assert rows_of_a_chart(served) > 0


def test_a_database_that_says_no_key_is_not_refused(served: Served) -> None:
    """Its first start was broken off, or another version made it."""
    stop(served)
    with superset_secrets.connect(served.environment[superset.DATABASE_VARIABLE]) as connection:
        connection.execute("comment on table dbs is null")
    assert start(served).returncode == 0
    with other_key(served, WRONG):
        assert_is_refused(served)
    assert start(served).returncode == 0


def enter_by_hand(served: Served, session: requests.Session) -> None:
    """A dashboard of somebody's own, and another database with a password."""
    address = sqlalchemy_url(make_conninfo(served.pipeline.dsn, password="any"), "psycopg2")
    for what, content in (
        ("dashboard", {"dashboard_title": "của riêng tôi"}),
        ("database", {"database_name": "kho khác", "sqlalchemy_uri": address}),
    ):
        made = session.post(f"{served.address}/api/v1/{what}/", json=content, timeout=60)
        assert made.ok, made.text


ENTERED = "select database_name from dbs where password is not null order by 1"


def test_another_key_ends_sessions_and_forgets_passwords_alone(served: Served) -> None:
    before = key_file(served).read_text(encoding="utf-8")
    session = signed_in(served)
    enter_by_hand(served, session)
    assert [name for (name,) in in_own_database(served, ENTERED)] == [
        "Kho chỉ số phục vụ", "kho khác",
    ]  # fmt: skip
    changed = start(served, "--new-key", SERVICE_INDEX_SUPERSET_PORT="1")
    assert changed.returncode == 0, changed.stderr
    assert "databases you added need their passwords" in changed.stderr
    # At the port where it ran before, whatever is said now.
    assert served.address.rpartition(":")[2] in changed.stderr
    assert key_file(served).read_text(encoding="utf-8") != before
    assert key_file(served).stat().st_mode & 0o077 == 0
    assert not is_signed_in(session, served)
    # Its reader of the warehouse has got another password, as at each start.
    assert rows_of_a_chart(served) > 0
    assert in_own_database(served, ENTERED) == [("Kho chỉ số phục vụ",)]
    kept = in_own_database(
        served,
        "select dashboard_title from dashboards where dashboard_title = 'của riêng tôi' "
        "union all select database_name from dbs where database_name = 'kho khác'",
    )
    assert len(kept) == 2
    # The one before is worth nothing any more.
    with other_key(served, before):
        assert_is_refused(served)


def test_after_a_lost_key_it_goes_on_with_a_new_one(served: Served) -> None:
    stop(served)
    key_file(served).unlink()
    assert_is_refused(served)
    assert not key_file(served).exists()
    assert start(served, "--new-key").returncode == 0
    assert rows_of_a_chart(served) > 0
