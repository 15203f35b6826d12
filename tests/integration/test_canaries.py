"""I7: marks planted in every personal field and in bad records are found in the landing and in the
quarantine, and nowhere else: the whole way, with failing loads, a refused batch and mending."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import psycopg
import pytest

from service_index.loading.classification import NATIONAL_SCORES, Sensitivity
from service_index.loading.contracts import CONTRACTS
from service_index.warehouse import embedded
from service_index.warehouse.connection import connect
from simulator.server import SampleSource
from tests import statsd
from tests.canary_search import marks_in, marks_in_database, marks_in_tree
from tests.integration.alert_support import Duty, Unattended, duty_officer, unattended
from tests.integration.marked_records import APRIL, FEEDS, NAME, QUOTING

PROGRAM = Path(sys.executable).with_name("service-index")
# The server would quote the row in the detail.
FAILING_ROW = "alter table quarantine.record add constraint too_long check (length(body) < 3)"


@dataclass
class Told:
    """What everything along the way left or said."""

    home: Path
    dsn: str
    failed: list[str] = field(default_factory=list)
    printed: list[str] = field(default_factory=list)
    sent: list[str] = field(default_factory=list)

    def command(self, *arguments: str) -> int:
        ran = subprocess.run(
            [str(PROGRAM), *arguments], capture_output=True, text=True, check=False
        )
        self.printed += [ran.stdout, ran.stderr]
        return ran.returncode

    def execute(self, statement: str) -> None:
        with connect(self.dsn) as connection:
            connection.execute(statement)


@pytest.fixture(scope="module")
def told(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Told]:
    folder = tmp_path_factory.mktemp("canaries")
    lineage = {"type": "file", "log_file_path": str(folder / "lineage"), "append": True}
    with (
        duty_officer() as duty,
        statsd.received() as (port, metrics),
        SampleSource.from_records(FEEDS) as source,
        unattended(
            AIRFLOW__OPENLINEAGE__TRANSPORT=json.dumps(lineage),
            AIRFLOW__METRICS__STATSD_ON="True",
            AIRFLOW__METRICS__STATSD_PORT=str(port),
            # As much as it can be told to write.
            DBT_LOG_LEVEL_FILE="debug",
        ) as airflow,
        pytest.MonkeyPatch.context() as environment,
    ):
        environment.setenv("SERVICE_INDEX_HOME", str(airflow.home))
        environment.setenv("AIRFLOW_CONN_DOSSIER_API", source.connection_uri)
        environment.delenv("AIRFLOW_CONN_WAREHOUSE", raising=False)
        told = Told(airflow.home, embedded.database_dsn(airflow.home, "warehouse"))
        _go_the_whole_way(told, airflow, duty, source, folder)
        told.sent += [*metrics, (folder / "lineage").read_text(encoding="utf-8")]
        yield told


def _go_the_whole_way(
    told: Told, airflow: Unattended, duty: Duty, source: SampleSource, folder: Path
) -> None:
    (told.home / "alerts.urls").write_text(duty.addresses, encoding="utf-8")
    assert told.command("status") == 0
    march = {"window_from": "2025-03-01", "window_to": "2025-04-01", "overlap_minutes": 0}
    told.execute(QUOTING)
    told.failed.append(airflow.run("ingest_daily", **march) or "")
    told.execute("drop trigger quote_record on quarantine.record")
    told.execute(FAILING_ROW)
    assert told.command("reload") == 1
    told.execute("alter table quarantine.record drop constraint too_long")
    assert airflow.run("ingest_daily", **march) is None
    _look_and_mend(told, folder)
    assert airflow.run("score_monthly", month="2025-03", publish=True) is None
    source.replace("dossiers", [*FEEDS["dossiers"], *APRIL])
    april = {"window_from": "2025-04-01", "window_to": "2025-05-01", "overlap_minutes": 0}
    told.failed.append(airflow.run("ingest_daily", **april) or "")
    told.failed.append(airflow.run("score_monthly", month="2025-04", publish=True) or "")
    for command in (["status"], ["status", "--json"], ["show", "--month", "2025-03"]):
        assert told.command(*command) == 0
    told.sent += [part for message in duty.mails for part in (message.subject, message.text)]


def _look_and_mend(told: Told, folder: Path) -> None:
    """What an operator does with the quarantine; the one export is deleted, as it asks for."""
    assert told.command("quarantine", "list") == 0
    for feed in ("dossiers", "petitions"):
        assert told.command("quarantine", "inspect", "--feed", feed, "--limit", "20") == 0
    exported = folder / "mend.ndjson"
    assert told.command("quarantine", "export", "--rule", "unknown_value", str(exported)) == 0
    assert marks_in(exported.read_bytes())
    because = ("--because", "tried")
    assert told.command("quarantine", "mend", str(exported), *because) == 1
    exported.unlink()
    rule = ("--rule", "unknown_unit", "--field", "MaDonVi", "--from", NAME, "--to", "X1")
    assert told.command("quarantine", "mend", *rule, *because) == 1
    assert told.command("quarantine", "replay") == 0


def test_the_way_was_the_one_that_was_meant(told: Told) -> None:
    """Loads that failed for what the database quotes, a refused batch, messages, a release."""
    quoted, refused, not_scored = told.failed
    assert "SQLSTATE 22P02" in quoted
    assert any("constraint too_long" in text for text in told.printed)
    assert "were refused" in refused
    assert not_scored
    assert any("delivered batches were refused" in text for text in told.sent)
    assert {path.suffix for path in (told.home / "releases").rglob("*") if path.is_file()} >= {
        ".docx", ".xlsx", ".pdf", ".parquet", ".csv", ".html",
    }  # fmt: skip
    with connect(told.dsn) as connection:
        rules = connection.execute("select count(distinct rule) from quarantine.record").fetchone()
    assert rules is not None
    assert rules[0] >= 6


def test_the_marks_are_where_they_belong(told: Told) -> None:
    assert marks_in_tree(told.home / "landing")
    with connect(told.dsn) as connection:
        assert marks_in_database(connection, ["quarantine"]).keys() == {"quarantine.record"}


def test_no_file_holds_a_mark_but_the_landing(told: Told) -> None:
    """Airflow's and dbt's logs, the journal, the server's log, reports, releases, the site."""
    kept = [path.name for path in told.home.iterdir()]
    assert {"airflow", "dbt", "landing", "logs", "postgres", "releases", "reports"} <= {*kept}
    log = told.home / "postgres" / "log"
    assert log.is_file()
    assert "database system is ready" in log.read_text(encoding="utf-8")
    data = [f"postgres/{path.name}" for path in (told.home / "postgres").iterdir() if path != log]
    assert marks_in_tree(told.home, ["landing", *data]) == {}


def test_nothing_that_was_printed_or_sent_holds_a_mark(told: Told) -> None:
    assert all(told.sent)
    for text in (*told.printed, *told.sent, *told.failed):
        assert marks_in(text) == set(), text[:200]


def test_no_table_holds_a_mark_but_the_quarantine(told: Told) -> None:
    with connect(told.dsn) as connection:
        assert marks_in_database(connection).keys() == {"quarantine.record"}


def test_airflows_own_tables_hold_no_mark(told: Told) -> None:
    """Task return values among them."""
    with psycopg.connect(embedded.database_dsn(told.home, "airflow_terminal")) as connection:
        values = connection.execute("select count(*) from xcom").fetchone()
        assert values is not None
        assert values[0] > 0
        assert marks_in_database(connection) == {}


def _columns(connection: psycopg.Connection, *schemas: str) -> list[tuple[str, str, str]]:
    return connection.execute(
        "select table_schema, table_name, column_name from information_schema.columns "
        "where table_schema = any(%s)",
        [list(schemas)],
    ).fetchall()


def test_every_raw_column_has_a_class(told: Told) -> None:
    classed = {
        (feed, column): kind
        for feed, contract in CONTRACTS.items()
        for column, kind in contract.raw_classes.items()
    } | {("national_scores", column): kind for column, kind in NATIONAL_SCORES.items()}
    with connect(told.dsn) as connection:
        there = {(table, column) for _, table, column in _columns(connection, "raw")}
    assert there == classed.keys()
    assert {type(kind) for kind in classed.values()} == {Sensitivity}


def test_identifiers_end_with_the_tables_of_single_cases(told: Told) -> None:
    """By name: what leads to one case is in no mart of sums and in nothing that is published."""
    identifiers = {
        column
        for contract in CONTRACTS.values()
        for column, kind in contract.raw_classes.items()
        if kind is Sensitivity.IDENTIFIER
    }
    with connect(told.dsn) as connection:
        columns = _columns(connection, "marts", "published")
    reached = {f"{schema}.{table}" for schema, table, column in columns if column in identifiers}
    assert reached == {"marts.fct_dossier", "marts.mart_resolved_without_online_payment"}


def test_no_column_is_called_as_a_personal_field(told: Told) -> None:
    personal = {
        name.lower() for contract in CONTRACTS.values() for name in contract.personal_fields
    }
    words = {"applicant_name", "full_name", "phone", "email", "mail", "identity_number", "body"}
    with connect(told.dsn) as connection:
        columns = _columns(connection, "raw", "staging", "intermediate", "marts", "published")
    assert len({schema for schema, _, _ in columns}) == 5
    assert {name for _, _, name in columns} & (personal | words) == set()
