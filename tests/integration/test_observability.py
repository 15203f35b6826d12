"""What a run tells of itself: log lines, metrics and lineage, of one ingest and one publishing."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import yaml
from late_batch import FEEDS
from openlineage.client.event_v2 import Job, Run, RunEvent

from service_index.settings import PROJECT_ROOT
from service_index.warehouse import embedded
from service_index.warehouse.connection import connect
from simulator.server import SampleSource
from tests import statsd
from tests.warehouses import fresh_warehouse

PROGRAM = Path(sys.executable).with_name("service-index")
PERSON = {"ChuHoSo": "Nguyễn Thị Dấu Vết", "SoDienThoai": "0912345678"}
PASSWORD = "password-that-nobody-is-told"
ONE = FEEDS["dossiers"][0]


@dataclass(frozen=True)
class Observed:
    """Two commands and what they left: the journal's lines, what was sent, and where."""

    dsn: str
    source: str
    logs: Path
    metrics: list[str]
    events: list[dict[str, Any]]

    def lines(self) -> list[dict[str, Any]]:
        text = (self.logs / "service-index.jsonl").read_text(encoding="utf-8")
        return [json.loads(line) for line in text.splitlines()]

    def ids(self, query: str) -> list[int]:
        with connect(self.dsn) as connection:
            return [row[0] for row in connection.execute(query)]


@pytest.fixture(scope="module")
def observed(postgres_server: str) -> Iterator[Observed]:
    """A hundred dossiers of one person, and one of a state that nobody knows."""
    records = {
        **FEEDS,
        "dossiers": [
            *(dossier | PERSON for dossier in FEEDS["dossiers"]),
            ONE | PERSON | {"MaHoSo": "BAD", "TrangThaiHoSo": "77"},
        ],
    }
    # Not pytest's own folder: a Unix socket's path may have 107 bytes at most.
    home = Path(tempfile.mkdtemp(prefix="si-obs-"))
    home.chmod(0o755)
    events = home / "lineage.jsonl"
    with (
        fresh_warehouse(postgres_server) as dsn,
        SampleSource.from_records(records) as source,
        statsd.received() as (port, metrics),
    ):
        environment = os.environ | {
            "SERVICE_INDEX_HOME": str(home),
            "AIRFLOW_CONN_DOSSIER_API": source.connection_uri,
            "AIRFLOW_CONN_WAREHOUSE": dsn + f"&password={PASSWORD}",
            "AIRFLOW__METRICS__STATSD_ON": "True",
            "AIRFLOW__METRICS__STATSD_PORT": str(port),
            "AIRFLOW__OPENLINEAGE__TRANSPORT": json.dumps(
                {"type": "file", "log_file_path": str(events), "append": True}
            ),
        }
        for command in (
            ("ingest", "--from", "2025-03-01", "--to", "2025-04-01"),
            ("publish", "--month", "2025-03"),
        ):
            ran = subprocess.run(
                [str(PROGRAM), *command],
                env=environment,
                capture_output=True,
                text=True,
                check=False,
            )
            assert ran.returncode == 0, ran.stderr
        told = [json.loads(line) for line in events.read_text(encoding="utf-8").splitlines()]
        yield Observed(dsn, source.connection_uri.rpartition("@")[2], home / "logs", metrics, told)
    embedded.stop(home)
    shutil.rmtree(home, ignore_errors=True)


def test_the_journals_lines_name_batches_and_runs(observed: Observed) -> None:
    lines = observed.lines()
    assert all({"timestamp", "level", "event", "run"} <= line.keys() for line in lines)
    assert len({line["run"] for line in lines}) == 2
    by_task = {line["task_id"]: line for line in lines if line["event"].startswith("loaded")}
    assert by_task["load"]["batch_ids"] == observed.ids("select batch_id from ops.batch order by 1")
    assert by_task["load"]["run_id"].startswith("manual__")
    assert {line["transform_run_id"] for line in lines if "transform_run_id" in line} == set(
        observed.ids("select transform_run_id from ops.transform_run")
    )
    assert {line["gate_run_id"] for line in lines if "gate_run_id" in line} == set(
        observed.ids("select gate_run_id from ops.gate_run")
    )
    assert [line["release_id"] for line in lines if "release_id" in line] == ["2025-03.r1"]


def test_nothing_tells_of_a_person_or_a_password(observed: Observed) -> None:
    told = [path.read_text(encoding="utf-8") for path in observed.logs.iterdir()]
    told += ["\n".join(observed.metrics), json.dumps(observed.events, ensure_ascii=False)]
    assert len(told) == 4
    for text in told:
        for secret in (*PERSON.values(), PASSWORD):
            assert secret not in text


def value(observed: Observed, name: str) -> list[float]:
    """What was sent for a name, in order."""
    sent = (line.partition(":")[::2] for line in observed.metrics)
    return [float(text.partition("|")[0]) for full, text in sent if full == f"airflow.{name}"]


def test_metrics_tell_what_was_done_and_how_the_warehouse_stands(observed: Observed) -> None:
    assert value(observed, "service_index.landed.dossiers") == [101]
    assert value(observed, "service_index.loaded.dossiers") == [100]
    assert value(observed, "service_index.quarantined.dossiers") == [1]
    assert value(observed, "service_index.quarantine_records.dossiers")[-1] == 1
    assert value(observed, "service_index.quarantine_records.units")[-1] == 0
    # Read until the end of March 2025, and a snapshot of just now.
    assert value(observed, "service_index.feed_lag_seconds.dossiers")[-1] > 86_400 * 365
    assert value(observed, "service_index.feed_lag_seconds.units")[-1] < 3600
    assert value(observed, "service_index.open_incidents")[-1] == 0
    assert value(observed, "service_index.newest_release_age_seconds")[-1] < 60
    assert value(observed, "service_index.gate_checks_failed.marts") == [0]
    (milliseconds,) = value(observed, "service_index.stage_duration.transform")
    assert 1_000 < milliseconds < 600_000


def test_every_metric_of_ours_has_one_name_in_prometheus(observed: Observed) -> None:
    rules = yaml.safe_load((PROJECT_ROOT / "deploy" / "statsd-mapping.yml").read_text())["mappings"]
    page = (PROJECT_ROOT / "docs" / "observability.md").read_text(encoding="utf-8")
    ours = {line.partition(":")[0] for line in observed.metrics if ".service_index." in line}
    used = set()
    for name in ours:
        pattern = [
            rule
            for rule in rules
            if re.fullmatch(re.escape(rule["match"]).replace(r"\*", r"[^.]+"), name)
        ]
        assert len(pattern) == 1, name
        used.add(pattern[0]["name"])
    assert used == {rule["name"] for rule in rules if rule["name"].startswith("service_index")}
    assert {name for name in used if f"`{name}`" not in page} == set()


def test_lineage_leads_from_the_feed_to_the_published_table(observed: Observed) -> None:
    leads_to: dict[tuple[str, str], set[tuple[str, str]]] = {}
    for event in observed.events:
        outputs = {(data["namespace"], data["name"]) for data in event.get("outputs", [])}
        for data in event.get("inputs", []):
            leads_to.setdefault((data["namespace"], data["name"]), set()).update(outputs)
    host, _, path = observed.source.partition("/")
    reached, waiting = set(), [(f"http://{host}", f"{path}/v1/dossiers")]
    while waiting:
        dataset = waiting.pop()
        if dataset not in reached:
            reached.add(dataset)
            waiting += leads_to.get(dataset, set())
    tables = {name.partition(".")[2] for namespace, name in reached if "postgres" in namespace}
    assert {"raw.dossiers", "staging.stg_dossiers", "marts.fct_dossier"} <= tables
    assert {"marts.mart_monthly_score", "published.monthly_score"} <= tables
    assert "raw.units" not in tables


def test_lineage_names_the_release_and_the_run_that_dbt_was_part_of(observed: Observed) -> None:
    versions = {
        data["facets"]["version"]["datasetVersion"]
        for event in observed.events
        for data in event.get("outputs", [])
        if ".published." in data["name"]
    }
    assert versions == {"2025-03.r1"}
    (transform,) = {
        event["run"]["runId"]
        for event in observed.events
        if event["job"]["name"] == "score_monthly.transform"
    }
    parents = {
        event["run"]["facets"]["parent"]["run"]["runId"]
        for event in observed.events
        if event["job"]["name"].endswith("fct_dossier.build.run")
    }
    assert parents == {transform}


def test_lineage_events_are_what_the_client_takes_for_valid(observed: Observed) -> None:
    """Its classes refuse a run without a UUID, a time that is none, an address that is none."""
    assert observed.events
    for event in observed.events:
        run, job = event["run"], event["job"]
        RunEvent(
            eventType=event["eventType"],
            eventTime=event["eventTime"],
            run=Run(runId=run["runId"]),
            job=Job(namespace=job["namespace"], name=job["name"]),
            producer=event["producer"],
        )
        assert event["schemaURL"].startswith("https://openlineage.io/spec/2-0-")
        assert all(data["namespace"] and data["name"] for data in event.get("inputs", []))
