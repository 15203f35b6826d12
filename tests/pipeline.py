"""The stages of the DAGs in a row, on a warehouse and a source of the test's own."""

from __future__ import annotations

import atexit
import hashlib
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import datetime, timedelta, tzinfo
from functools import cache
from pathlib import Path

import psycopg
import pytest

from service_index import settings
from service_index.landing import store as landing
from service_index.orchestration import stages
from service_index.orchestration.windows import days_window
from service_index.warehouse.connection import connect
from tests.warehouses import fresh_warehouse

# What BI reads, in the order of the way there; every one has a key that orders it.
MARTS = (
    "dim_unit",
    "dim_procedure",
    "dim_criterion",
    "fct_dossier",
    "fct_measure",
    "fct_criterion_score",
    "mart_monthly_score",
    "mart_dossier_balance",
    "mart_target_compliance",
    "mart_compliance_cause",
    "mart_resolved_without_online_payment",
    "mart_former_unit_score",
    "mart_statistical_form",
    "mart_form_check",
    "mart_national_ranking",
    "mart_national_average",
    "mart_score_reconciliation",
    "mart_letter_figure",
    "mart_release_criterion_score",
    "mart_release_criterion",
    "mart_release_unit",
    "mart_release_field",
)


@dataclass(frozen=True)
class Pipeline:
    """Runs stages as the DAGs do, without Airflow around them."""

    home: Path
    dsn: str

    def ingest(self, first: str, after_last: str, *, skip_loaded: bool = False) -> None:
        self.load(first, after_last, skip_loaded=skip_loaded)
        stages.gate_batches()

    def load(self, first: str, after_last: str, *, skip_loaded: bool = False) -> None:
        """An ingest but for its gate."""
        window = days_window(first, after_last)
        stages.land(window, overlap=timedelta(0), skip_loaded=skip_loaded)
        stages.load()

    def score(self, month: str) -> None:
        stages.transform(month)
        stages.gate_marts(month)

    def publish(self, month: str, reason: str | None = None) -> dict[str, object]:
        return stages.publish(month, wanted=True, reason=reason)

    def connect(self) -> psycopg.Connection:
        return connect(self.dsn)

    def fingerprints(self) -> dict[str, object]:
        """What tells each mart's rows from others, made in the database: for large ones."""
        with self.connect() as connection:
            return {
                mart: connection.execute(
                    "select count(*), sum(('x' || substr(md5(t::text), 1, 15))::bit(60)::bigint) "
                    f"from marts.{mart} as t"
                ).fetchone()
                for mart in MARTS
            }

    def marts(self, leaving_out: tuple[str, ...] = ()) -> dict[str, list[str]]:
        """Every mart's rows as text, sorted: equal exactly when the marts are.

        `leaving_out` names columns that tell of the delivery and not of the numbers.
        """
        with self.connect() as connection:
            return {
                mart: sorted(
                    row[0]
                    for row in connection.execute(
                        f"select (to_jsonb(t) - %s::text[])::text from marts.{mart} as t",
                        [list(leaving_out)],
                    )
                )
                for mart in MARTS
            }


def open_pipeline(
    monkeypatch: pytest.MonkeyPatch, home: Path, dsn: str, source_uri: str
) -> Pipeline:
    """A pipeline from `source_uri` to `dsn`; the environment is put back after the test.

    What dbt read of its project is shared by all homes with the same project and address of the
    warehouse: to read it anew takes six seconds.
    """
    monkeypatch.setenv("SERVICE_INDEX_HOME", str(home))
    monkeypatch.setenv("AIRFLOW_CONN_WAREHOUSE", dsn)
    monkeypatch.setenv("AIRFLOW_CONN_DOSSIER_API", source_uri)
    parsed = home / "dbt" / "target" / "partial_parse.msgpack"
    if not (parsed.exists() or parsed.is_symlink()):
        parsed.parent.mkdir(parents=True, exist_ok=True)
        same = f"{settings.load().project_root} {dsn}"
        parsed.symlink_to(_shared_folder() / hashlib.sha256(same.encode()).hexdigest())
    return Pipeline(home, dsn)


@contextmanager
def copy_of(
    pipeline: Pipeline, monkeypatch: pytest.MonkeyPatch, home: Path, source_uri: str
) -> Iterator[Pipeline]:
    """Another pipeline in the state of this one: what several tests begin with is made once."""
    template = pipeline.dsn.partition("?")[0].rpartition("/")[2]
    server = pipeline.dsn.replace(f"/{template}?", "/postgres?")
    with psycopg.connect(server, autocommit=True) as admin:  # dbt stays connected
        admin.execute(
            "select pg_terminate_backend(pid) from pg_stat_activity where datname = %s", [template]
        )
    # What dbt read of its project is of that database.
    parsed = shutil.ignore_patterns("partial_parse.msgpack")
    shutil.copytree(pipeline.home, home, ignore=parsed)
    with fresh_warehouse(server, template) as dsn:
        yield open_pipeline(monkeypatch, home, dsn, source_uri)


@cache
def _shared_folder() -> Path:
    folder = tempfile.mkdtemp(prefix="si-parsed-")
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    return Path(folder)


@contextmanager
def own_dbt_project(root: Path) -> Iterator[Path]:
    """A copy of the dbt project that the stages use in this block, for a test to edit."""
    project = shutil.copytree(
        settings.PROJECT_ROOT / "dbt_project",
        root / "dbt_project",
        ignore=shutil.ignore_patterns("target", "logs"),
    )
    load = settings.load
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(settings, "load", lambda: replace(load(), project_root=root))
        yield project


@contextmanager
def landing_at(instant: datetime) -> Iterator[None]:
    """What lands in this block is stamped with another instant than now."""

    class Clock(datetime):
        @classmethod
        def now(cls, tz: tzinfo | None = None) -> datetime:  # type: ignore[override]
            return instant.astimezone(tz)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(landing, "datetime", Clock)
        yield
