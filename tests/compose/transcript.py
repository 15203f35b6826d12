"""What a run of these tests did to the engine: every command, its time, the end of its output."""

from __future__ import annotations

import shlex
import subprocess
import sys
import time
from pathlib import Path

from service_index.settings import PROJECT_ROOT

PATH = PROJECT_ROOT / "build" / "compose-transcript.txt"
LAST_LINES = 12


class CommandFailedError(AssertionError):
    """A command did not do what was asked; the message has the end of its output."""


class Transcript:
    """Runs commands and writes them down, in the file whole and in the terminal in one line."""

    def __init__(self, path: Path = PATH) -> None:
        path.parent.mkdir(exist_ok=True)
        self._file = path.open("w", encoding="utf-8", buffering=1)
        self._began = time.monotonic()

    def say(self, line: str, *more: str) -> None:
        """A line for both, and lines for the file alone."""
        stamped = f"[{time.monotonic() - self._began:6.1f} s] {line}"
        print(stamped, file=sys.stderr, flush=True)
        self._file.write("\n".join([stamped, *(f"    {each}" for each in more), ""]))

    def run(
        self,
        *command: str,
        environment: dict[str, str] | None = None,
        folder: Path = PROJECT_ROOT,
        check: bool = True,
        is_quiet: bool = False,
        leaving_out: tuple[str, ...] = (),
    ) -> str:
        """The standard output of a command; `is_quiet` leaves it out of the transcript.

        `leaving_out` are arguments that are the same each time, so that they need not be read.
        """
        began = time.monotonic()
        ran = subprocess.run(
            command, env=environment, cwd=folder, capture_output=True, text=True, check=False
        )
        if not is_quiet or (check and ran.returncode):
            seconds = time.monotonic() - began
            shown = shlex.join(each for each in command if each not in leaving_out)
            shown = " ".join(shown.split())
            shown = shown if len(shown) <= 160 else f"{shown[:157]} …"
            lines = (ran.stdout + ran.stderr).splitlines()
            left_out = [f"… {len(lines) - LAST_LINES} lines"] if len(lines) > LAST_LINES else []
            self.say(f"{shown}  ({seconds:.1f} s)", *left_out, *lines[-LAST_LINES:])
        if check and ran.returncode:
            raise CommandFailedError(
                f"{shlex.join(command)}: exit status {ran.returncode}\n"
                + "\n".join((ran.stdout + ran.stderr).splitlines()[-LAST_LINES:])
            )
        return ran.stdout
