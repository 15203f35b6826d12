"""The suites as declarations: what must hold of each without running it."""

from __future__ import annotations

import re
from datetime import date
from decimal import Decimal

import pytest

from expectations.registry import FEED_SUITES, FORM_SUITES, LEDGER, MART_SUITES
from expectations.vocabulary import Check, Suite, every_month_has_rows, holds, in_set

SUITES = (LEDGER, *FEED_SUITES.values(), *MART_SUITES, *FORM_SUITES)


@pytest.mark.parametrize("suite", SUITES, ids=lambda suite: suite.name)
def test_every_check_has_a_name_of_its_own_and_a_reason(suite: Suite) -> None:
    names = [check.name for check in suite.checks]
    assert len(set(names)) == len(names)
    for check in suite.checks:
        assert re.fullmatch(r"[a-z][a-z0-9_]*", check.name)
        assert check.severity in ("fail", "warn")
        assert check.reason.strip().endswith(".")
        assert len(check.reason) > 5


@pytest.mark.parametrize("suite", SUITES, ids=lambda suite: suite.name)
def test_no_query_holds_what_a_driver_reads_as_a_placeholder(suite: Suite) -> None:
    query = suite.query([1])
    assert "%" not in query
    assert not re.search(r"(?<!:):(?!:)\w", query)


@pytest.mark.parametrize("suite", SUITES, ids=lambda suite: suite.name)
def test_a_suite_can_refuse(suite: Suite) -> None:
    assert any(check.severity == "fail" for check in suite.checks)


def test_suite_names_are_unique() -> None:
    assert len({suite.name for suite in SUITES}) == len(SUITES)


def test_the_scope_is_written_as_literals() -> None:
    suite = Suite("s", "raw.x", "batch_id", (in_set("state", (1,), "r."),))
    assert suite.query([3, 5]) == "select r.* from raw.x as r where r.batch_id in (3, 5)"
    assert suite.query(None) == "select r.* from raw.x as r"
    months = Suite("s", "marts.x", "period_month", ())
    assert months.query([date(2025, 3, 1)]).endswith("where r.period_month in (date '2025-03-01')")
    periods = Suite("s", "marts.x", "period", ())
    assert periods.query(["2025H1", "2025Q2"]).endswith("where r.period in ('2025H1', '2025Q2')")
    with pytest.raises(ValueError, match="does not name a period"):
        periods.query(["2025'; drop table x"])


def test_a_rule_becomes_a_column_on_which_unknown_counts_as_broken() -> None:
    check = holds("is_ordered", "a <= b", "r.", mostly=Decimal("0.99"))
    suite = Suite("s", "raw.x", "batch_id", (check,))
    assert suite.query(None) == (
        "select r.*, nullif((a <= b) is true, false) as is_ordered from raw.x as r"
    )
    assert check.arguments == {"column": "is_ordered", "mostly": 0.99}


@pytest.mark.parametrize(("scope", "least"), [(None, 1), ([date(2025, 2, 1), date(2025, 3, 1)], 2)])
def test_a_check_that_counts_its_scope_asks_for_as_many_months(
    scope: list[date] | None, least: int
) -> None:
    check: Check = every_month_has_rows("r.")
    assert check.arguments_for(scope) == {"column": "period_month", "min_value": least}
