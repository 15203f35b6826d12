"""Periods of the statistical form: their names, and which are reported after a quarter."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from service_index.orchestration.form_stages import plan_periods
from service_index.orchestration.periods import parse_period
from service_index.orchestration.stages import StageError
from service_index.publishing import subject


@pytest.mark.parametrize("name", ["2025Q1", "2025Q4", "2025H1", "2025H2", "2025"])
def test_a_period_is_named_as_the_form_names_it(name: str) -> None:
    assert parse_period(name) == name


@pytest.mark.parametrize(
    "name", ["2025Q5", "2025Q0", "2025H3", "2025q3", "2025-03", "25Q3", "2025Q3 ", "", "2025Q3.r1"]
)
def test_anything_else_is_no_period(name: str) -> None:
    with pytest.raises(ValueError, match="is not a period"):
        parse_period(name)


@pytest.mark.parametrize(
    ("interval_start", "periods"),
    [
        # 06:00 on 2 January in Vietnam: the run that comes a quarter later, on 2 April.
        (datetime(2025, 1, 1, 23, tzinfo=UTC), ["2025Q1"]),
        (datetime(2025, 4, 1, 23, tzinfo=UTC), ["2025Q2", "2025H1"]),
        (datetime(2025, 7, 1, 23, tzinfo=UTC), ["2025Q3"]),
        (datetime(2025, 10, 1, 23, tzinfo=UTC), ["2025Q4", "2025"]),
        # 31 March in UTC is 1 April in Vietnam.
        (datetime(2025, 3, 31, 17, tzinfo=UTC), ["2025Q2", "2025H1"]),
    ],
)
def test_a_run_of_the_schedule_reports_what_ends_with_its_quarter(
    interval_start: datetime, periods: list[str]
) -> None:
    assert plan_periods({"period": None}, interval_start) == periods


def test_a_named_period_goes_before_the_schedule() -> None:
    assert plan_periods({"period": "2025"}, datetime(2025, 7, 2, tzinfo=UTC)) == ["2025"]
    with pytest.raises(StageError, match="name its period"):
        plan_periods({"period": None}, None)


def test_a_release_is_named_by_its_period() -> None:
    form = subject.of_form("2025Q3")
    assert (form.kind, form.period, form.column, form.value) == (
        "statistical_form",
        "2025Q3",
        "period",
        "2025Q3",
    )
    assert [relation.name for relation in form.relations] == ["statistical_form", "form_check"]
