"""The sample source as a process of its own, reached over HTTP like any other source."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit

from service_index.settings import Settings

START_SECONDS = 30


class SampleSourceError(Exception):
    """The sample source did not start; the message is one line."""


def generate(settings: Settings) -> Path:
    """Generate the sample province once; its folder. Progress goes to the terminal."""
    folder = settings.home / "sample"
    subprocess.run(
        [sys.executable, "-m", "simulator", "generate", "--out", str(folder)],
        check=True,
        cwd=settings.project_root,
        stdout=sys.stderr,
    )
    return folder


def serve(settings: Settings, folder: Path) -> tuple[subprocess.Popen[bytes], str]:
    """Serve the generated province on a free port; the process and its connection URI."""
    uri_file = settings.home / "sample-source.uri"
    uri_file.unlink(missing_ok=True)
    log = (settings.home / "logs" / "sample-source.log").open("ab")
    process = subprocess.Popen(
        [
            *(sys.executable, "-m", "simulator", "serve", "--data", str(folder)),
            *("--port", "0", "--uri-file", str(uri_file)),
        ],
        cwd=settings.project_root,
        env=os.environ.copy(),
        stdout=log,
        stderr=log,
        start_new_session=True,
    )
    waited_until = time.monotonic() + START_SECONDS
    while not uri_file.exists():
        if process.poll() is not None or time.monotonic() > waited_until:
            process.kill()
            raise SampleSourceError(f"the sample source did not start, see {log.name}")
        time.sleep(0.05)
    return process, uri_file.read_text(encoding="utf-8").strip()


def national_portal_uri(uri: str) -> str:
    """The connection URI of the sample's national portal, which the same server is."""
    parts = urlsplit(uri)
    return f"{parts.scheme}://{parts.hostname}:{parts.port}"


@contextmanager
def running(settings: Settings) -> Iterator[str]:
    """Generate and serve the sample province for as long as the block lasts; its URI."""
    (settings.home / "logs").mkdir(parents=True, exist_ok=True)
    process, uri = serve(settings, generate(settings))
    try:
        yield uri
    finally:
        process.terminate()
        process.wait(timeout=10)
