"""The whole way once, on sample data: source, ingest, score, publish."""

from __future__ import annotations

import os
import time
from dataclasses import dataclass

import psycopg
from rich.console import Console
from rich.table import Table

from service_index.orchestration import release_files, sample_source, stages
from service_index.orchestration.local_airflow import LocalAirflow, log_path
from service_index.orchestration.progress import say
from service_index.orchestration.windows import parse_month
from service_index.publishing.current import read_current_month
from service_index.publishing.form_view import show_form
from service_index.publishing.printing import number
from service_index.publishing.terminal import show_month
from service_index.settings import Settings

# The sample holds March and July to mid-September 2025 at true size, with their tails between.
FIRST_DAY, AFTER_LAST_DAY = "2025-03-01", "2025-09-16"
MONTHS = ("2025-03", "2025-07", "2025-08", "2025-09")
# The form that the province's office handed in for these months.
FORM = "2025Q3"


class NotASampleError(Exception):
    """Sample data must not be mixed with a real province's."""


@dataclass(frozen=True)
class _Step:
    dag_id: str
    conf: dict[str, object]


def run(settings: Settings, out: Console) -> None:
    """Bring the demonstration to its end; whatever was done before is not done again."""
    started = time.monotonic()
    say("Airflow, the sample province (DỮ LIỆU MẪU) and its source are being set up …")
    airflow = LocalAirflow(settings)
    with sample_source.running(settings) as uri:
        os.environ["AIRFLOW_CONN_DOSSIER_API"] = uri
        os.environ["AIRFLOW_CONN_NATIONAL_PORTAL"] = sample_source.national_portal_uri(uri)
        with stages.open_warehouse() as (connection, _, _settings):
            _refuse_real_data(connection)
        for step in _steps():
            airflow.run(step.dag_id, step.conf)
    with stages.open_warehouse() as (connection, _, _settings):
        out.print(_totals(connection))
        show_month(connection, parse_month(MONTHS[-1]), settings.releases, out)
        show_form(connection, FORM, settings.releases, out)
    folder = settings.releases
    out.print(
        f"\nDone in {time.monotonic() - started:.0f} s. Where to look next:\n"
        f"  {release_files.home_page(settings)}   the public pages, in a browser\n"
        f"  {folder / '2025-08' / 'r1' / 'documents'}   August's letter and targets\n"
        f"  {folder / FORM / 'r1' / 'documents'}   the statistical form\n"
        f"  {folder / '2025-08' / 'r1'}   tables (CSV, Parquet, XLSX), manifest, checksums\n"
        "  .venv/bin/service-index show --month 2025-03   another month's ranking\n"
        "  .venv/bin/service-index status                 what is loaded, checked, published\n"
        "  make up                                        Airflow's own pages\n"
        "  make superset                                  dashboards, in Apache Superset\n"
        f"  {settings.reports}   the gates' reports\n"
        f"  {log_path(settings)}   what Airflow and its libraries said",
        markup=False,
    )


def _steps() -> list[_Step]:
    ingest = {
        "window_from": FIRST_DAY,
        "window_to": AFTER_LAST_DAY,
        "overlap_minutes": 0,
        "skip_loaded": True,
    }
    return [
        _Step("ingest_daily", ingest),
        *(
            _Step("import_national", {"month": month, "skip_landed": True, "restate": False})
            for month in MONTHS
        ),
        *(
            _Step("score_monthly", {"month": month, "publish": True, "reason": None})
            for month in MONTHS
        ),
        _Step("report_period", {"period": FORM, "reason": None}),
    ]


def _refuse_real_data(connection: psycopg.Connection) -> None:
    row = connection.execute(
        "select exists (select from ops.batch where not is_sample and delivered > 0)"
    ).fetchone()
    if row and row[0]:
        raise NotASampleError(
            "this warehouse holds data of a real source, which the sample must not join: "
            "unset AIRFLOW_CONN_WAREHOUSE and name an empty folder in SERVICE_INDEX_HOME"
        )


def _totals(connection: psycopg.Connection) -> Table:
    table = Table(title="Điểm của tỉnh (the province's scores) – DỮ LIỆU MẪU")
    table.add_column("Tháng\n(month)", no_wrap=True)
    for heading in ("Điểm\n(score)", "Điểm đạt\n(points)", "Tối đa\n(of)"):
        table.add_column(heading, justify="right", no_wrap=True)
    table.add_column("Bản công bố\n(release)", no_wrap=True)
    for month in MONTHS:
        release = read_current_month(connection, month)
        province = release.province
        table.add_row(
            month,
            *(
                "–" if value is None else number(value, places)
                for value, places in (
                    (province.total_score, 2),
                    (province.raw_points, 2),
                    (province.applicable_max_points, 0),
                )
            ),
            f"{release.edition.release_id} ({release.edition.status})",
        )
    return table
