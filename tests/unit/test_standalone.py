"""Starting Airflow on this machine."""

from __future__ import annotations

import socket
from pathlib import Path

import pytest

from service_index.orchestration import standalone
from service_index.settings import Settings


def test_a_port_that_is_taken_is_told_before_anything_is_started(tmp_path: Path) -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]
        with pytest.raises(standalone.StandaloneError, match=f"port {port} is taken"):
            standalone.start(Settings(home=tmp_path, landing_url=str(tmp_path)), port)
    assert not list(tmp_path.iterdir())
