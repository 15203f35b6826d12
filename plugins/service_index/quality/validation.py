"""Great Expectations as an engine: suites in, pass or fail and counts out.

Everything is pushed down as SQL. A suite costs three queries when it passes: the column names,
the number of rows, and one scan that answers all checks (uniqueness: two more). Only failed
checks are run a second time, for their counts, in total and by batch or month.
"""

from __future__ import annotations

import logging
import os
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

from expectations.vocabulary import Check, ScopeItem, Suite
from service_index.quality.results import CheckResult, GateError
from service_index.warehouse.connection import conceal_errors_of, sqlalchemy_url

_SEVERITY = {"fail": "critical", "warn": "warning"}
# Counts without samples: values of the data must not leave the database.
_COUNTS = {"result_format": "BASIC", "partial_unexpected_count": 0}


@contextmanager
def open_validator(dsn: str) -> Iterator[Validator]:
    """A validator over the warehouse `dsn`; its connections are read-only and closed at exit."""
    datasource = _datasource(dsn)
    engine = conceal_errors_of(datasource.get_execution_engine().engine)
    validator = Validator(datasource, engine)
    _read_column_names_only(engine, validator.queries)
    try:
        yield validator
    finally:
        engine.dispose()


class Validator:
    """Runs suites in one Great Expectations context. Made by `open_validator`."""

    def __init__(self, datasource: Any, engine: Any) -> None:
        self._datasource = datasource
        self._engine = engine
        self.queries: set[str] = set()

    def validate(self, suite: Suite, scope: Sequence[ScopeItem] | None) -> list[CheckResult]:
        """Run `suite` on the batches or months `scope` (None: all rows).

        Failed checks come with counts. Raises GateError when a check could not be evaluated.
        """
        verdicts = self._run(suite, suite.checks, scope, "BOOLEAN_ONLY")
        failed = tuple(check for check in suite.checks if not verdicts[check.name]["success"])
        counted = {result.name: result for result in self._count(suite, failed, scope)}
        return [
            counted.get(check.name) or _result(suite, check, verdicts[check.name])
            for check in suite.checks
        ]

    def _count(
        self, suite: Suite, failed: tuple[Check, ...], scope: Sequence[ScopeItem] | None
    ) -> Iterable[CheckResult]:
        """The failed checks with the rows and items that break them."""
        if not failed:
            return
        totals = self._run(suite, failed, scope, _COUNTS)
        items = {
            item: self._run(suite, failed, [item], _COUNTS) if len(scope or ()) > 1 else totals
            for item in scope or ()
        }
        for check in failed:
            by_item = {
                item: _violations(verdicts[check.name])
                for item, verdicts in items.items()
                if not verdicts[check.name]["success"]
            }
            result = _result(suite, check, totals[check.name])
            names = self._names(suite, check, scope) if check.names else ()
            yield replace(result, violations_by_item=by_item, names=names)

    def _names(
        self, suite: Suite, check: Check, scope: Sequence[ScopeItem] | None
    ) -> tuple[str, ...]:
        import sqlalchemy as sa

        with self._engine.connect() as connection:
            return tuple(connection.scalars(sa.text(suite.names_query(check, scope))))

    def _run(
        self,
        suite: Suite,
        checks: Iterable[Check],
        scope: Sequence[ScopeItem] | None,
        result_format: str | dict[str, Any],
    ) -> dict[str, dict[str, Any]]:
        """Great Expectations' verdicts by check name, as plain dicts."""
        import great_expectations as gx

        query = suite.query(scope)
        self.queries.add(query)
        name = f"{suite.name}_{len(self._datasource.assets)}"
        asset = self._datasource.add_query_asset(name, query=query)
        batch = asset.add_batch_definition_whole_table("all").get_batch()
        expectations = [_expectation(gx.expectations, check, scope) for check in checks]
        outcome = batch.validate(
            gx.ExpectationSuite(name=name, expectations=expectations), result_format=result_format
        )
        verdicts: dict[str, dict[str, Any]] = {}
        for result in outcome.results:
            check_name = result.expectation_config.meta["check"]
            _raise_if_broken(suite, check_name, result.exception_info)
            verdicts[check_name] = {"success": bool(result.success), **(result.result or {})}
        return verdicts


def _expectation(classes: Any, check: Check, scope: Sequence[ScopeItem] | None) -> Any:
    return getattr(classes, check.expectation)(
        **check.arguments_for(scope),
        severity=_SEVERITY[check.severity],
        meta={"check": check.name, "reason": check.reason},
    )


def _result(suite: Suite, check: Check, verdict: dict[str, Any]) -> CheckResult:
    passed = verdict["success"]
    rows = None if passed else int(verdict.get("element_count", verdict.get("observed_value", 0)))
    return CheckResult(
        suite=suite.name,
        name=check.name,
        severity=check.severity,
        reason=check.reason,
        passed=passed,
        rows=rows,
        violations=None if passed else _violations(verdict),
    )


def _violations(verdict: dict[str, Any]) -> int:
    """Rows that break the check; an expectation over the whole table breaks once."""
    return int(verdict.get("unexpected_count", 1))


def _raise_if_broken(suite: Suite, check_name: str, exception_info: Any) -> None:
    """An expectation that raised has not failed: it says nothing, so the gate must not go on.

    Great Expectations gives one entry, or one per metric that raised.
    """
    entries = [exception_info] if "raised_exception" in exception_info else exception_info.values()
    for entry in entries:
        if entry and entry.get("raised_exception"):
            first_line = str(entry.get("exception_message")).splitlines()[0][:300]
            raise GateError(f"{suite.name}.{check_name} could not be evaluated: {first_line}")


def _datasource(dsn: str) -> Any:
    """A data source of a fresh, silent context that is gone with the process."""
    os.environ["GX_ANALYTICS_ENABLED"] = "false"
    import great_expectations as gx
    from great_expectations.data_context.types.base import (
        DataContextConfig,
        InMemoryStoreBackendDefaults,
        ProgressBarsConfig,
    )

    logging.getLogger("great_expectations").setLevel(logging.CRITICAL)
    context = gx.get_context(
        mode="ephemeral",
        project_config=DataContextConfig(
            store_backend_defaults=InMemoryStoreBackendDefaults(init_temp_docs_sites=False),
            progress_bars=ProgressBarsConfig(globally=False),
            analytics_enabled=False,
        ),
        # A URL without a host (Unix socket) is refused when written out, not when substituted;
        # and so the password stays out of the context's configuration.
        runtime_environment={"WAREHOUSE_URL": sqlalchemy_url(dsn)},
    )
    return context.data_sources.add_postgres(
        "warehouse",
        connection_string="${WAREHOUSE_URL}",
        kwargs={"connect_args": {"options": "-c default_transaction_read_only=on"}},
    )


def _read_column_names_only(engine: Any, queries: set[str]) -> None:
    """Great Expectations learns a query's columns by fetching all of its rows; spare it those.

    For a batch of 200,000 dossiers that is a second and all of them in memory.
    """
    import sqlalchemy as sa

    @sa.event.listens_for(engine, "before_execute", retval=True)
    def fetch_no_rows(
        _connection: Any, statement: Any, multiparams: Any, params: Any, _options: Any
    ) -> tuple[Any, Any, Any]:
        if isinstance(statement, sa.TextClause) and statement.text in queries:
            statement = sa.text(f"select * from ({statement.text}) as q limit 0")  # noqa: S608
        return statement, multiparams, params
