"""Judges a mutant of the dbt project: by its unit tests, then by the oracle's provinces."""

from __future__ import annotations

import os
import pickle
import re
import shutil
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psycopg

from tests.mutation.bench import Verdict
from tests.warehouses import TEMPLATE

# One name for all, one after the other: dbt reads its whole project anew for another database.
JUDGED = "judged"
EMPTY = "judged_empty"
_PARSED = "partial_parse.msgpack"
# A mutant may send a recursive query round for ever.
_STATEMENT_SECONDS = 30
# Where PostgreSQL speaks of the rows and not of the statement; dbt hands on no SQLSTATE.
_ABOUT_ROWS = re.compile(
    r"division by zero|more than one row|duplicate key|unique index|violates|out of range"
)
_TIMEOUT = re.compile(r"statement timeout")


def judged_dsn(server_dsn: str) -> str:
    return server_dsn.replace("/postgres?", f"/{JUDGED}?")


def copy_database(server_dsn: str, source: str, target: str) -> None:
    """Make `target` what `source` is, whoever is connected to either."""
    with psycopg.connect(server_dsn, autocommit=True) as admin:
        admin.execute(
            "select pg_terminate_backend(pid) from pg_stat_activity where datname = %s", [source]
        )
        admin.execute(f"drop database if exists {target} with (force)")
        admin.execute(f"create database {target} template {source}")


@dataclass(frozen=True)
class UnitTests:
    """dbt's unit tests of the models that a mutant of `path`, at this line, changes; then the
    provinces: built in full, and brought up to date by the last run of several.

    Without provinces, `template` is the database to run the unit tests on.
    """

    server_dsn: str
    path: str
    number: int
    provinces: tuple[int, ...] = ()
    template: str | None = None

    def run(self, root: Path) -> Verdict:
        dbt = Dbt(root, self.server_dsn)
        template = self.template or f"province_{self.provinces[0]}_built"
        copy_database(self.server_dsn, template, JUDGED)
        parsed = dbt.parse()
        if parsed is None:
            return Verdict("invalid", "dbt cannot read it")
        changed = changed_models(parsed, root, self.path, self.number)
        tested = {test.model for test in parsed.unit_tests.values()} & changed
        if tested:
            select = [f"{model},test_type:unit" for model in sorted(tested)]
            verdict = _verdict(dbt.invoke(parsed, "test", "--select", *select))
            if verdict is not None:
                return verdict
        for seed in self.provinces:
            verdict = self._by_oracle(dbt, parsed, changed, root, seed)
            if verdict is not None:
                return verdict
        return Verdict("survived")

    def _by_oracle(
        self, dbt: Dbt, parsed: Any, changed: set[str], root: Path, seed: int
    ) -> Verdict | None:
        from tests.pipeline import Pipeline

        copy_database(self.server_dsn, f"province_{seed}_built", JUDGED)
        select = ["--select", *(f"{model}+" for model in sorted(changed))]
        verdict = _verdict(dbt.invoke(parsed, "run", "--full-refresh", *select))
        verdict = verdict or self._as_expected(root, seed, "built in full")
        if verdict is not None:
            return verdict
        pipeline = Pipeline(root, judged_dsn(self.server_dsn))
        in_full = pipeline.fingerprints()
        copy_database(self.server_dsn, f"province_{seed}_pending", JUDGED)
        verdict = _verdict(dbt.invoke(parsed, "run"))
        verdict = verdict or self._as_expected(root, seed, "brought up to date")
        if verdict is None and pipeline.fingerprints() != in_full:
            verdict = Verdict("killed", f"province {seed}: incremental = full refresh")
        return verdict

    def _as_expected(self, root: Path, seed: int, how: str) -> Verdict | None:
        from tests.province_pipeline import hold_against

        with (root / f".province-{seed}.pickle").open("rb") as stream:
            expected = pickle.load(stream)  # noqa: S301 - our own file
        try:
            with psycopg.connect(judged_dsn(self.server_dsn)) as connection:
                hold_against(expected, connection)
        except AssertionError:
            return Verdict("killed", f"province {seed}, {how}: the oracle")
        return None


@dataclass(frozen=True)
class BuildEmpty:
    """Makes the template EMPTY, in which every model stands without a row."""

    server_dsn: str

    def run(self, root: Path) -> Verdict:
        copy_database(self.server_dsn, TEMPLATE, JUDGED)
        dbt = Dbt(root, self.server_dsn)
        parsed = dbt.parse()
        dbt.keep_what_was_read()
        for command in ("seed", "run"):
            verdict = _verdict(dbt.invoke(parsed, command))
            if verdict is not None:
                return verdict
        copy_database(self.server_dsn, JUDGED, EMPTY)
        return Verdict("survived")


class Dbt:
    """dbt on the copy's project, which it reads in full only once."""

    def __init__(self, root: Path, server_dsn: str) -> None:
        from service_index.orchestration.dbt_build import dbt_environment

        os.environ.update(dbt_environment(judged_dsn(server_dsn)))
        os.environ["PGOPTIONS"] = f"-c statement_timeout={_STATEMENT_SECONDS}s"
        target = root / ".dbt" / "target"
        shutil.rmtree(target, ignore_errors=True)
        target.mkdir(parents=True)
        self._read = root / ".dbt" / _PARSED
        if self._read.exists():
            shutil.copy2(self._read, target)
        self._target = target
        project = str(root / "dbt_project")
        self._options = ["--quiet", "--no-use-colors", "--no-write-json"]
        self._places = ["--project-dir", project, "--profiles-dir", project]
        self._places += ["--target-path", str(target), "--log-path", str(root / ".dbt" / "logs")]

    def parse(self) -> Any:
        """The manifest; None when dbt cannot read the project."""
        from dbt.cli.main import dbtRunner

        outcome = dbtRunner().invoke([*self._options, "parse", *self._places])
        return outcome.result if outcome.success else None

    def keep_what_was_read(self) -> None:
        shutil.copy2(self._target / _PARSED, self._read)

    def invoke(self, manifest: Any, command: str, *arguments: str) -> list[Any]:
        """Run a command; the results of the nodes."""
        from dbt.cli.main import dbtRunner

        runner = dbtRunner(manifest=manifest)
        outcome = runner.invoke([*self._options, command, *arguments, *self._places])
        if outcome.exception is not None:
            raise outcome.exception
        return list(outcome.result.results)


def changed_models(manifest: Any, root: Path, path: str, number: int) -> set[str]:
    """The models that are made with that line of a model's or macro's file."""
    within = path.removeprefix("dbt_project/")
    nodes = [node for node in manifest.nodes.values() if node.resource_type == "model"]
    if within.startswith("models/"):
        return {node.name for node in nodes if node.original_file_path == within}
    macros = {f"macro.service_index.{_macro_at(root / path, number)}"}
    grown = True
    while grown:
        users = {
            name
            for name, macro in manifest.macros.items()
            if macros.intersection(macro.depends_on.macros)
        }
        grown = not users <= macros
        macros |= users
    return {node.name for node in nodes if macros.intersection(node.depends_on.macros)}


def _macro_at(file: Path, number: int) -> str:
    above = "\n".join(file.read_text(encoding="utf-8").splitlines()[:number])
    return re.findall(r"\bmacro (\w+)\(", above)[-1]


def _verdict(results: Iterable[Any]) -> Verdict | None:
    """What the results say against a mutant: a failed test before anything else."""
    bad = [result for result in results if result.status in {"fail", "error", "runtime error"}]
    for result in sorted(bad, key=lambda one: one.status != "fail"):
        message = str(result.message)
        if result.status == "fail":
            return Verdict("killed", f"unit test {result.node.name}")
        if _TIMEOUT.search(message):
            return Verdict("timed out", result.node.name)
        if about := _ABOUT_ROWS.search(message):
            return Verdict("killed", f"{result.node.name}: {about[0]}")
        return Verdict("invalid", " ".join(message.split())[:150])
    return None
