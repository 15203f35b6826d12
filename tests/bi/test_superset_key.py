"""Superset's secret key: a wrong one, another one, and a lost one, as docs/security.md says."""

from __future__ import annotations

import subprocess
from pathlib import Path

import requests

from tests.bi.api import rows_of_a_chart, signed_in
from tests.bi.conftest import COMMAND, Served


def start(served: Served, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [COMMAND, "superset", *arguments],
        env=served.environment,
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


def test_a_wrong_key_is_refused_and_the_right_one_goes_on(served: Served) -> None:
    stop(served)
    right = key_file(served).read_text(encoding="utf-8")
    key_file(served).write_text("wrong-and-never-shown", encoding="utf-8")
    refused = start(served)
    assert refused.returncode == 1
    assert refused.stderr.splitlines()[-1].startswith(
        f"error: {key_file(served)} is not the key by which Superset's own database was encrypted"
    )
    assert "`service-index superset --new-key`" in refused.stderr
    assert "wrong-and-never-shown" not in refused.stderr

    key_file(served).write_text(right, encoding="utf-8")
    assert start(served).returncode == 0
    assert rows_of_a_chart(served) > 0


def test_another_key_ends_sessions_and_keeps_all_but_passwords(served: Served) -> None:
    before = key_file(served).read_text(encoding="utf-8")
    session = signed_in(served)
    assert is_signed_in(session, served)
    changed = start(served, "--new-key")
    assert changed.returncode == 0, changed.stderr
    assert "enter passwords of databases that you added" in changed.stderr
    assert key_file(served).read_text(encoding="utf-8") != before
    assert key_file(served).stat().st_mode & 0o077 == 0
    assert not is_signed_in(session, served)
    # Its reader of the warehouse has got another password, as at each start.
    assert rows_of_a_chart(served) > 0

    # The one before is worth nothing any more.
    stop(served)
    now = key_file(served).read_text(encoding="utf-8")
    key_file(served).write_text(before, encoding="utf-8")
    assert "is not the key" in start(served).stderr
    key_file(served).write_text(now, encoding="utf-8")


def test_after_a_lost_key_it_goes_on_with_a_new_one(served: Served) -> None:
    stop(served)
    key_file(served).unlink()
    assert "is not the key" in start(served).stderr
    assert start(served, "--new-key").returncode == 0
    assert rows_of_a_chart(served) > 0
