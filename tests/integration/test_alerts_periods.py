"""A form's incident of several periods, which a command at a terminal mends one by one."""

from __future__ import annotations

from pathlib import Path

import psycopg
import pytest
from gate_support import fill

from service_index import settings
from service_index.orchestration import incidents, troubles, watching
from service_index.orchestration.stages import StageError

GATE = "report_period.gate"
HEADLINE = "the statistical form has failed its gate"


class Office:
    """Tasks that fail and succeed; the subjects of the messages are kept."""

    def __init__(self, warehouse: psycopg.Connection, home: Path) -> None:
        self.warehouse = warehouse
        self.settings = settings.Settings(home, str(home / "landing"))
        self.subjects: list[str] = []

    def _send(self, subject: str, text: str) -> bool:
        self.subjects.append(subject.removeprefix("Service index: "))
        return True

    def fails(self, task: str, *periods: str) -> None:
        trouble = troubles.of_task(task, StageError("it failed"), {"periods": list(periods)})
        incidents.met(self.warehouse, trouble, self._send)

    def succeeds(self, task: str, *periods: str) -> list[str]:
        """What was sent for it."""
        self.subjects.clear()
        mended = troubles.keys_mended(task, {"periods": list(periods)})
        watching.close_mended(self.warehouse, self.settings, self._send, mended=mended)
        return list(self.subjects)

    def open(self) -> list[str]:
        return list(incidents.open_keys(self.warehouse))


@pytest.fixture
def office(warehouse: psycopg.Connection, tmp_path: Path) -> Office:
    """2025Q2 and 2025Q3 can have a form."""
    fill(warehouse, "marts_form.sql")
    warehouse.commit()
    return Office(warehouse, tmp_path)


def test_the_cure_names_every_period() -> None:
    trouble = troubles.of_task(GATE, StageError("it failed"), {"periods": ["2025Q2", "2025H1"]})
    assert trouble.key == f"{GATE}.2025Q2+2025H1"
    assert trouble.cure.endswith(
        "then `service-index publish --period 2025Q2` and `service-index publish --period 2025H1`."
    )


def test_it_is_over_when_all_its_periods_are(office: Office) -> None:
    office.fails(GATE, "2025Q2", "2025Q3")
    assert office.succeeds("report_period.publish", "2025Q2") == []
    assert office.succeeds(GATE, "2025Q2") == []
    assert office.open() == [f"{GATE}.2025Q3"]
    assert office.succeeds(GATE, "2025Q3") == [f"over: {HEADLINE} ({GATE}.2025Q3)"]
    assert office.open() == []


def test_a_run_that_takes_all_ends_those_of_each(office: Office) -> None:
    office.fails(GATE, "2025Q2", "2025Q3")
    office.fails(GATE, "2025Q3")
    assert len(office.succeeds(GATE, "2025Q2", "2025Q3")) == 2
    assert office.open() == []


def test_what_is_left_may_be_an_incident_of_its_own(office: Office) -> None:
    office.fails(GATE, "2025Q2", "2025Q3")
    office.fails(GATE, "2025Q3")
    assert office.succeeds(GATE, "2025Q2") == [f"over: {HEADLINE} ({GATE}.2025Q2+2025Q3)"]
    assert office.open() == [f"{GATE}.2025Q3"]


def test_a_period_that_can_have_no_form_keeps_nothing_open(office: Office) -> None:
    """A warehouse that began in April has the second quarter, and never the half-year."""
    office.fails(GATE, "2025Q2", "2025H1")
    assert office.succeeds(GATE, "2025Q2") == [f"over: {HEADLINE} ({GATE}.2025Q2+2025H1)"]


def test_a_transform_is_of_all_periods(office: Office) -> None:
    office.fails("report_period.transform", "2025Q2", "2025H1")
    assert office.open() == ["report_period.transform"]
    assert len(office.succeeds("report_period.transform", "2025Q2")) == 1
