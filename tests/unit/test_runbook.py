"""Every trouble has its line and its section; every command of the runbook is run by a test."""

from __future__ import annotations

import ast
import re
import string
import subprocess
import sys
from collections.abc import Iterator

import pytest
from typer.main import get_command

from service_index import cli
from service_index.orchestration import troubles
from service_index.orchestration.trouble_table import LATE, SILENT, STALE, TABLE, WAREHOUSE, Line
from service_index.settings import PROJECT_ROOT

RUNBOOK = (PROJECT_ROOT / "docs" / "runbook.md").read_text(encoding="utf-8")
BLOCK = re.compile(r"^```\n(.*?)^```\n(.*?)$", re.MULTILINE | re.DOTALL)
MARKER = re.compile(r"<!-- (tested by|run by|not run by a test|no commands): (.+) -->")
# A DAG file is parsed by Airflow in a process of its own: this one keeps its settings.
TASKS = """
import os, sys
from airflow.dag_processing.dagbag import DagBag
from airflow.providers.standard.operators.empty import EmptyOperator
from service_index.orchestration.model_tasks import DbtModel
bag = DagBag(sys.argv[1])
assert not bag.import_errors, bag.import_errors
for dag in bag.dags.values():
    assert dag.on_failure_callback, dag.dag_id
    for task in dag.tasks:
        is_told = not isinstance(task, (DbtModel, EmptyOperator))
        assert bool(task.on_failure_callback) == bool(task.on_success_callback) == is_told, task
        if is_told:
            print("task:", f"{dag.dag_id}.{task.task_id}")
"""


@pytest.fixture(scope="module")
def tasks(tmp_path_factory: pytest.TempPathFactory) -> list[str]:
    """Every task of every DAG but those that run nothing themselves."""
    home = tmp_path_factory.mktemp("airflow")
    ran = subprocess.run(
        [sys.executable, "-c", TASKS, str(PROJECT_ROOT / "dags")],
        env={
            "AIRFLOW_HOME": str(home),
            "AIRFLOW__CORE__LOAD_EXAMPLES": "false",
            "SERVICE_INDEX_HOME": str(home),
        },
        capture_output=True,
        text=True,
        check=False,
    )
    assert ran.returncode == 0, ran.stderr[-2000:]
    return re.findall(r"^task: (.+)$", ran.stdout, re.MULTILINE)


def test_every_task_of_every_dag_has_a_line_that_fits_all_its_failures(tasks: list[str]) -> None:
    assert len(tasks) > 15
    for task in tasks:
        assert any(line.fits(task, []) for line in TABLE), task
    for line in TABLE:
        errors = [line.error] if line.error else []
        assert any(line.fits(task, errors) for task in tasks), line


def test_every_line_is_reached(tasks: list[str]) -> None:
    """No line stands below one that takes all that it could."""
    for line in TABLE:
        errors = [line.error] if line.error else []
        first = [
            next(line for line in TABLE if line.fits(task, errors))
            for task in tasks
            if line.fits(task, errors)
        ]
        assert line in first, line


EVERY = (*TABLE, STALE, SILENT, LATE, WAREHOUSE)


def _anchors() -> set[str]:
    headings = re.findall(r"^## (.+)$", RUNBOOK, re.MULTILINE)
    return {re.sub(r"[^\w -]", "", heading).lower().replace(" ", "-") for heading in headings}


@pytest.mark.parametrize("line", EVERY, ids=lambda line: line.task + line.error + line.key)
def test_every_line_names_a_section_and_commands_that_there_are(line: Line) -> None:
    assert line.section in _anchors()
    fields = {field for _, field, _, _ in string.Formatter().parse(line.headline + line.cure)}
    assert fields <= {None, "first_day", "after_last_day", "month", "publish_periods"}
    trouble = troubles.of_line(line, "it failed")
    for command in re.findall(r"`service-index ([^`]+)`", trouble.cure):
        _assert_is_command(command.split())


def _assert_is_command(words: list[str]) -> None:
    """That the command line has such a command with such options."""
    command = get_command(cli.app)
    while words and hasattr(command, "commands"):
        assert words[0] in command.commands, words
        command = command.commands[words[0]]
        words = words[1:]
    if command.name == "airflow":  # it knows its own
        return
    known = {option for parameter in command.params for option in parameter.opts}
    assert {word for word in words if word.startswith("--")} <= known, words


def _blocks() -> Iterator[tuple[list[str], str]]:
    """The lines of each fenced block, and the line after it."""
    found = BLOCK.findall(RUNBOOK)
    assert len(found) * 2 == RUNBOOK.count("```")
    for text, below in found:
        yield text.splitlines(), below


def test_every_command_of_the_runbook_is_run_by_a_test_or_says_why_not() -> None:
    for lines, below in _blocks():
        marker = MARKER.fullmatch(below)
        assert marker, f"no marker below {lines}: {below}"
        kind, what = marker.groups()
        commands = [line.split() for line in lines if line.startswith("service-index ")]
        for command in commands:
            _assert_is_command(command[1:])
        if kind == "tested by":
            assert len(commands) == len(lines), lines
            _assert_tests_run(what, commands)
        elif kind == "run by":  # as they stand here: the test reads this page
            assert (PROJECT_ROOT / what).is_file(), what
        elif kind == "no commands":
            assert not commands


def _assert_tests_run(what: str, commands: list[list[str]]) -> None:
    """That the file, or the test named in it, is there and has each command and its options."""
    name, _, test = what.partition("::")
    path = PROJECT_ROOT / name
    assert path.name.startswith("test_")
    tree = ast.parse(path.read_text(encoding="utf-8"))
    tests = {node.name: node for node in tree.body if isinstance(node, ast.FunctionDef)}
    assert not test or test in tests, what
    within = tests[test] if test else tree
    words = {
        node.value
        for node in ast.walk(within)
        if isinstance(node, ast.Constant) and isinstance(node.value, str)
    }
    for _, *command in commands:
        named = [word for word in command if word.startswith("--")]
        named += command[:1]
        assert set(named) <= words, f"{what} does not run {command}"
