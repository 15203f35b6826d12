"""Starting Airflow on this machine."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from service_index.orchestration import background, standalone
from service_index.settings import Settings


def test_a_port_that_is_taken_is_told_before_anything_is_started(tmp_path: Path) -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]
        with pytest.raises(background.ServiceError, match=f"port {port} is taken"):
            standalone.start(Settings(home=tmp_path, landing_url=str(tmp_path)), port)
    assert not list(tmp_path.iterdir())


# As root another user must be become first; of anybody else the first process is none.
OF_ANOTHER = """
import os, sys
from service_index.orchestration import background
if os.getuid() == 0:
    os.setuid(65534)
background.end_group(int(sys.argv[1]))
print(background.is_alive(int(sys.argv[1])), background.is_alive(os.getpgid(0)))
"""


def test_a_number_that_another_users_processes_have_got_is_not_airflow() -> None:
    group = os.getpgid(0) if os.getuid() == 0 else 1
    asked = subprocess.run(
        [sys.executable, "-c", OF_ANOTHER, str(group)],
        start_new_session=True,
        capture_output=True,
        text=True,
        check=False,
    )
    assert (asked.stdout, asked.stderr) == ("False True\n", "")


def test_what_is_on_record_is_ended_and_a_number_of_before_a_reboot_is_left(tmp_path: Path) -> None:
    record = tmp_path / "some.pids"
    ours = background.launch(["sleep", "60"], os.environ, tmp_path / "log")
    other = subprocess.Popen(["sleep", "60"], start_new_session=True)
    background.record(record, [ours.pid, other.pid])
    assert background.is_running(record)
    # The second line's number has gone to another process since.
    mine, theirs = record.read_text(encoding="utf-8").splitlines()
    record.write_text(f"{mine}\n{theirs.split()[0]} 1", encoding="utf-8")
    assert background.stop(record)
    assert ours.wait(10) != 0
    assert other.poll() is None
    assert not background.stop(record)
    other.kill()
    other.wait(10)
