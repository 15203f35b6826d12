"""A receiver of StatsD: what a monitoring would be sent, line by line."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def received() -> Iterator[tuple[int, list[str]]]:
    """The port that listens on this machine, and the lines that came so far (`name:value|type`)."""
    lines: list[str] = []
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as listening:
        listening.bind(("127.0.0.1", 0))
        listening.settimeout(0.2)
        is_over = threading.Event()

        def listen() -> None:
            while True:
                try:
                    lines.extend(listening.recv(65_535).decode().splitlines())
                except TimeoutError:
                    if is_over.is_set():
                        return

        thread = threading.Thread(target=listen)
        thread.start()
        try:
            yield listening.getsockname()[1], lines
        finally:
            is_over.set()
            thread.join()
