"""Who may import whom: the layout promises it, so it is checked."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from airflow._shared.module_loading import find_path_from_directory

from service_index.settings import PROJECT_ROOT

PACKAGE = PROJECT_ROOT / "plugins" / "service_index"
ROOMS = ("sources", "landing", "loading", "quality", "publishing", "warehouse", "orchestration")
# Along the way of the data, and nothing else; `settings` is open to all.
MAY_IMPORT = {
    "warehouse": set(),
    "landing": set(),
    "sources": {"landing"},
    "loading": {"landing", "warehouse"},
    "quality": {"warehouse"},
    "publishing": {"warehouse"},
    "orchestration": set(ROOMS),
}


def _imports(path: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield node.module
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def _files(folder: Path) -> list[Path]:
    found = sorted(folder.rglob("*.py"))
    assert found, f"{folder} is empty"
    return found


@pytest.mark.parametrize("room", ROOMS)
def test_rooms_import_along_the_way_of_the_data(room: str) -> None:
    for path in _files(PACKAGE / room):
        for name in _imports(path):
            if not name.startswith("service_index."):
                continue
            other = name.split(".")[1]
            if other in ROOMS and other != room:
                assert other in MAY_IMPORT[room], f"{path.relative_to(PROJECT_ROOT)}: {name}"


@pytest.mark.parametrize("folder", ["plugins", "expectations", "dags"])
def test_nothing_imports_the_simulator_or_the_dags(folder: str) -> None:
    for path in _files(PROJECT_ROOT / folder):
        for name in _imports(path):
            assert name.split(".")[0] not in {"simulator", "dags", "tests"}, path


def test_dag_files_import_nothing_heavy_when_they_are_parsed() -> None:
    light = {"__future__", "datetime", "typing", "airflow", "service_index"}
    light_of_ours = {
        "service_index.orchestration.alerts",
        "service_index.orchestration.failures",
        "service_index.orchestration.model_tasks",
        "service_index.orchestration.schedules",
        "service_index.settings",
    }
    for path in _files(PROJECT_ROOT / "dags"):
        tree = ast.parse(path.read_text(encoding="utf-8"))
        for node in tree.body:
            if isinstance(node, ast.ImportFrom) and node.module:
                assert node.module.split(".")[0] in light, path
                if node.module.startswith("service_index"):
                    names = {f"{node.module}.{alias.name}" for alias in node.names}
                    assert node.module in light_of_ours or names <= light_of_ours, path


def test_no_sql_of_the_dbt_project_asks_the_clock() -> None:
    """Marts are a function of data, catalogue and code; a test that holds today holds tomorrow."""
    clock = re.compile(
        r"\b(current_(date|time|timestamp)|local(time|timestamp)|run_started_at)\b"
        r"|\b(now|(clock|statement|transaction)_timestamp)\(|'(now|today|yesterday|tomorrow)'",
        re.IGNORECASE,
    )
    files = [
        path
        for folder in ("models", "macros", "tests")
        for path in (PROJECT_ROOT / "dbt_project" / folder).rglob("*.sql")
    ]
    assert files
    assert [path for path in files if clock.search(path.read_text(encoding="utf-8"))] == []


def test_files_stay_readable() -> None:
    for folder in ("plugins", "expectations", "dags", "simulator"):
        for path in _files(PROJECT_ROOT / folder):
            assert len(path.read_text(encoding="utf-8").splitlines()) <= 400, path


@pytest.mark.parametrize("syntax", ["glob", "regexp"])
def test_airflow_takes_no_module_of_ours_for_a_plugin(syntax: str) -> None:
    """It would run each under its bare name, and so put our csv in the place of Python's."""
    taken = find_path_from_directory(str(PROJECT_ROOT / "plugins"), ".airflowignore", syntax)
    assert [path for path in taken if path.endswith(".py")] == []
