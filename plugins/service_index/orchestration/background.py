"""Programs that run on in the background: started, waited for, found again and ended."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path


class ServiceError(Exception):
    """A program in the background did not come up; the message is one line."""


def launch(
    command: Sequence[str], environment: Mapping[str, str], log: Path
) -> subprocess.Popen[bytes]:
    """Start a program as a process group of its own, which outlives this process."""
    log.parent.mkdir(parents=True, exist_ok=True)
    with log.open("ab") as file:
        return subprocess.Popen(
            command, env=environment, stdout=file, stderr=file, start_new_session=True
        )


def record(pid_file: Path, pids: Sequence[int]) -> None:
    """Keep the process groups that were started, each with when it was."""
    pid_file.parent.mkdir(parents=True, exist_ok=True)
    lines = [f"{pid} {_started_at(pid)}" for pid in pids]
    pid_file.write_text("\n".join(lines), encoding="utf-8")


def is_running(pid_file: Path) -> bool:
    """Whether any of the process groups on record is still there."""
    return pid_file.exists() and any(map(is_alive, _recorded(pid_file)))


def stop(pid_file: Path) -> bool:
    """End what is on record; False where nothing is."""
    if not pid_file.exists():
        return False
    for pid in _recorded(pid_file):
        end_group(pid)
    pid_file.unlink()
    return True


def refuse_taken(port: int, command: str) -> None:
    """Raise ServiceError when another program listens at the port of this machine."""
    with socket.socket() as trial:
        trial.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            trial.bind(("127.0.0.1", port))
        except OSError:
            raise ServiceError(
                f"port {port} is taken by another program: name a free one, `service-index "
                f"{command} --port {port + 1}`"
            ) from None


def wait_until(
    healthy: Callable[[], bool], process: subprocess.Popen[bytes], seconds: float
) -> bool:
    """Ask once a second; False when the process has ended or the time is over."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline and process.poll() is None:
        if healthy():
            return True
        time.sleep(1)
    return False


def is_alive(group: int) -> bool:
    """Whether there is such a process group of ours; another user's has got its number since."""
    try:
        os.killpg(group, 0)
    except (ProcessLookupError, PermissionError):
        return False
    return True


def end_group(pid: int) -> None:
    """Ask the process group to end, then make it."""
    for sign, seconds in ((signal.SIGTERM, 20), (signal.SIGKILL, 5)):
        try:
            os.killpg(pid, sign)
        except (ProcessLookupError, PermissionError):
            return
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            if not is_alive(pid):
                return
            time.sleep(0.1)


def _recorded(pid_file: Path) -> list[int]:
    """Those on record but the numbers that other programs have got since, as after a reboot."""
    lines = [line.split() for line in pid_file.read_text(encoding="utf-8").splitlines()]
    return [int(pid) for pid, *then in lines if not then or then == [_started_at(int(pid))]]


def _started_at(pid: int) -> str:
    """When the process was started, by the kernel's clock; `-` where it does not tell."""
    try:
        status = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8")
    except OSError:
        return "-"
    # After the name, which may hold anything.
    return status.rpartition(")")[2].split()[19]
