"""Lineage towards a receiver that does not answer: the task goes on."""

from __future__ import annotations

import io
import json
import socket
from datetime import UTC, datetime

import pytest
from openlineage.client.event_v2 import Job, Run, RunEvent, RunState
from openlineage.client.uuid import generate_new_uuid
from rich.console import Console

from service_index.orchestration import lineage, progress


def event() -> RunEvent:
    return RunEvent(
        eventType=RunState.COMPLETE,
        eventTime=datetime.now(UTC).isoformat(),
        run=Run(runId=str(generate_new_uuid())),
        job=Job(namespace="test", name="job"),
        producer="https://example.test/",
    )


def test_a_receiver_that_does_not_answer_holds_no_task_up(monkeypatch: pytest.MonkeyPatch) -> None:
    said = io.StringIO()
    monkeypatch.setattr(progress, "console", Console(file=said, soft_wrap=True))
    monkeypatch.setattr(lineage, "PATIENCE_SECONDS", 0.1)
    with socket.socket() as silent:
        silent.bind(("127.0.0.1", 0))
        silent.listen()
        address = f"http://127.0.0.1:{silent.getsockname()[1]}"
        transport = {"type": "http", "url": address, "timeout": 0.2, "retry": {"total": 0}}
        monkeypatch.setenv("AIRFLOW__OPENLINEAGE__TRANSPORT", json.dumps(transport))
        lineage.send([event() for _ in range(300)])
    assert said.getvalue() == "lineage: the receiver is slow or down; 299 events not sent\n"


def test_outside_of_a_task_nothing_is_told() -> None:
    assert not lineage.is_on()
