"""Judges a mutant by pytest: the first test that fails kills it."""

from __future__ import annotations

import os
from collections.abc import Generator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psycopg
import pytest

from tests.mutation.bench import Verdict
from tests.warehouses import KEPT_SERVER


@dataclass(frozen=True)
class PytestRun:
    """Tests to be run in this order, on a server that is there. `of_sql`: the mutant lies in a
    statement, so that it is invalid when PostgreSQL cannot make sense of it."""

    server_dsn: str
    tests: tuple[str, ...]
    without: str = ""
    of_sql: bool = True

    def run(self, root: Path) -> Verdict:
        import hypothesis

        # A failing example is enough; it need not be small.
        phases = (hypothesis.Phase.explicit, hypothesis.Phase.generate)
        hypothesis.settings.register_profile(
            "judge", derandomize=True, database=None, deadline=None, phases=phases
        )
        os.environ[KEPT_SERVER] = self.server_dsn
        watcher = _Watcher(self.of_sql)
        options = ["-x", "-q", "-p", "no:cacheprovider", "--hypothesis-profile=judge"]
        options += ["-k", f"not ({self.without})"] if self.without else []
        places = ["--rootdir", str(root), "-c", str(root / "pyproject.toml")]
        code = pytest.main([*options, *places, *self.tests], plugins=[watcher])
        if code == pytest.ExitCode.OK:
            return Verdict("survived")
        if watcher.verdict is None:
            raise RuntimeError(f"pytest ended with {code!r} and no failed test")
        return watcher.verdict


class _Watcher:
    """Keeps the first failure."""

    def __init__(self, of_sql: bool) -> None:
        self._of_sql = of_sql
        self.verdict: Verdict | None = None

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_makereport(
        self, item: pytest.Item, call: pytest.CallInfo[Any]
    ) -> Generator[None, pytest.TestReport, pytest.TestReport]:
        report = yield
        if report.failed and self.verdict is None:
            error = call.excinfo.value if call.excinfo else None
            invalid = self._of_sql and _is_no_sql(error)
            self.verdict = Verdict("invalid" if invalid else "killed", item.nodeid)
        return report

    def pytest_collectreport(self, report: pytest.CollectReport) -> None:
        if report.failed and self.verdict is None:
            self.verdict = Verdict("killed", f"import by {report.nodeid}")


def _is_no_sql(error: BaseException | None) -> bool:
    """Whether PostgreSQL could not make sense of a statement: SQLSTATE class 42."""
    while error is not None:
        if isinstance(error, psycopg.Error) and (error.sqlstate or "").startswith("42"):
            return True
        error = error.__cause__ or error.__context__
    return False
