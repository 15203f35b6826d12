"""A small province in the marts, what dbt says of them, and questions to its semantic layer."""

from __future__ import annotations

import csv
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psycopg
import pytest

from service_index.orchestration import stages
from service_index.orchestration.dbt_build import dbt_environment
from service_index.settings import PROJECT_ROOT
from simulator import dataset
from simulator.server import SampleSource
from tests.integration.national_support import import_month
from tests.pipeline import Pipeline, open_pipeline
from tests.warehouses import fresh_warehouse

Node = dict[str, Any]


@dataclass(frozen=True)
class Marts:
    """A warehouse whose marts were built in full and then brought up to date, and a copy of the
    dbt project that was parsed beside it."""

    pipeline: Pipeline
    project: Path

    def rows(self, query: str) -> list[tuple[Any, ...]]:
        with self.pipeline.connect() as connection:
            return connection.execute(query.encode()).fetchall()

    def manifest(self, name: str = "manifest") -> Any:
        return json.loads((self.project / "target" / f"{name}.json").read_bytes())

    def public_models(self) -> dict[str, Node]:
        """The marts by name, as the manifest has them."""
        nodes = self.manifest()["nodes"].values()
        return {
            node["name"]: node
            for node in nodes
            if node["resource_type"] == "model" and node["access"] == "public"
        }

    def ask(self, metrics: list[str], group_by: list[str]) -> list[dict[str, str]]:
        """What MetricFlow answers; the columns have the names that were asked for."""
        answer = self.project / "answer.csv"
        self.run(
            "mf", "query", "--metrics", ",".join(metrics), "--group-by", ",".join(group_by),
            "--csv", str(answer),
        )  # fmt: skip
        with answer.open(encoding="utf-8", newline="") as file:
            return list(csv.DictReader(file))

    def run(self, *command: str) -> None:
        done = subprocess.run(
            [str(Path(sys.executable).with_name(command[0])), *command[1:]],
            cwd=self.project,
            env=os.environ | dbt_environment(self.pipeline.dsn),
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-2000:]


@contextmanager
def built_marts(postgres_server: str, root: Path) -> Iterator[Marts]:
    """March 2025 to mid-September with both national tables; the last day came later."""
    folder = dataset.ensure(root / "province", "small")
    with (
        pytest.MonkeyPatch.context() as patch,
        fresh_warehouse(postgres_server) as dsn,
        SampleSource(folder) as source,
    ):
        patch.setenv("AIRFLOW_CONN_NATIONAL_PORTAL", source.national_portal_uri)
        pipeline = open_pipeline(patch, root / "home", dsn, source.connection_uri)
        pipeline.ingest("2025-03-01", "2025-09-15")
        import_month("2025-03")
        import_month("2025-07")
        assert stages.transform().is_full_refresh
        pipeline.ingest("2025-09-15", "2025-09-16")
        assert not stages.transform().is_full_refresh
        project = shutil.copytree(
            PROJECT_ROOT / "dbt_project",
            root / "dbt_project",
            ignore=shutil.ignore_patterns("target", "logs"),
        )
        marts = Marts(pipeline, project)
        marts.run("dbt", "parse", "--quiet", "--project-dir", ".", "--profiles-dir", ".")
        yield marts


def constraints(connection: psycopg.Connection, kind: str) -> set[tuple[str, str]]:
    """What PostgreSQL holds in the marts of a kind of constraint ('p', 'f'): table, definition."""
    return set(
        connection.execute(
            """
            select conrelid::regclass::text, pg_get_constraintdef(oid)
            from pg_constraint where connamespace = 'marts'::regnamespace and contype = %s
            """,
            [kind],
        ).fetchall()
    )
