"""The compose file on a real engine: confined, healthy, and from a source to a published page."""

from __future__ import annotations

import ast
import hashlib
import json
import re

import pytest
import requests

from tests.airflow_api import AirflowApi
from tests.compose.installation import Installation
from tests.compose.support import load, release_ids

MONTH = "2025-03"
SERVICES = {
    *("warehouse", "metadata", "init", "api-server", "scheduler", "dag-processor", "triggerer"),
    *("site", "sample-source"),
}
RUNNING = sorted(SERVICES - {"init"})
PUBLISHED = {"api-server", "site"}


@pytest.fixture(scope="module")
def airflow(installation: Installation) -> AirflowApi:
    return installation.airflow()


def test_every_service_of_the_file_runs(installation: Installation) -> None:
    assert set(installation.containers()) == SERVICES
    assert installation.unwell() == []


def test_every_container_is_confined(installation: Installation) -> None:
    for service, container in installation.containers().items():
        host = container["HostConfig"]
        assert host["ReadonlyRootfs"], service
        assert host["CapDrop"] == ["ALL"] and not host["CapAdd"], service
        assert host["SecurityOpt"] == ["no-new-privileges:true"], service
        assert host["Memory"] > 0 and host["NanoCpus"] > 0 and host["PidsLimit"] > 0, service
        assert host["LogConfig"]["Config"] == {"max-size": "10m", "max-file": "3"}, service
        wanted = "on-failure" if service == "init" else "unless-stopped"
        assert host["RestartPolicy"]["Name"] == wanted, service


@pytest.mark.parametrize("service", RUNNING)
def test_its_processes_have_no_power(installation: Installation, service: str) -> None:
    said = installation.execute(service, "sh", "-c", "cat /proc/1/status; touch /etc/x 2>&1; true")
    value = dict(line.split(":\t", 1) for line in said.splitlines() if ":\t" in line)
    assert "0" not in value["Uid"].split()
    assert int(value["CapEff"], 16) == int(value["CapBnd"], 16) == 0
    assert value["NoNewPrivs"] == "1"
    assert "Read-only file system" in said


def test_no_secret_is_told_by_the_engine(installation: Installation) -> None:
    told = json.dumps(installation.containers())
    history = installation.transcript.run(
        *("docker", "history", "--no-trunc", "service-index:under-test"), is_quiet=True
    )
    for secret in installation.secret_texts():
        # A file of several lines is escaped in JSON, so each line is looked for.
        for line in filter(None, map(str.strip, secret.splitlines())):
            assert line not in told and line not in history


def test_only_pages_can_be_reached(installation: Installation) -> None:
    for service, container in installation.containers().items():
        ports = container["NetworkSettings"]["Ports"].values()
        published = [binding["HostIp"] for bindings in ports for binding in bindings or []]
        assert published == (["127.0.0.1"] if service in PUBLISHED else []), service


def test_pages_want_a_password(installation: Installation) -> None:
    address = f"http://127.0.0.1:{installation.airflow_port}"
    assert requests.get(f"{address}/auth/token", timeout=10).status_code == 403
    wrong = {"username": "admin", "password": "admin"}
    assert requests.post(f"{address}/auth/token", json=wrong, timeout=10).status_code == 401
    assert requests.get(f"{address}/api/v2/dags", timeout=10).status_code == 401


def test_a_day_and_a_month_end_in_a_published_page(
    installation: Installation, airflow: AirflowApi
) -> None:
    load(airflow)
    run = airflow.start("score_monthly", month=MONTH)
    airflow.switch("score_monthly", on=True)
    ended = airflow.end(run)
    assert ended["state"] == "success", airflow.tasks(run)
    installation.transcript.say(f"score_monthly: {ended['state']} in {ended['duration']:.0f} s")
    # The run that the scheduler began by itself ends well, too.
    airflow.wait_for_all("score_monthly")

    assert release_ids(installation, MONTH) == [f"{MONTH}.r1"]
    site = f"http://127.0.0.1:{installation.site_port}"
    home = requests.get(f"{site}/", timeout=10)
    assert home.status_code == 200 and "DỮ LIỆU MẪU" in home.text and MONTH in home.text
    checksums = requests.get(f"{site}/{MONTH}/r1/SHA256SUMS", timeout=10)
    assert checksums.status_code == 200
    sums = re.findall(r"^(\w{64}) [ *](.+)$", checksums.text, re.MULTILINE)
    assert len(sums) > 20
    for expected, path in sums:
        served = requests.get(f"{site}/{MONTH}/r1/{path}", timeout=10)
        assert hashlib.sha256(served.content).hexdigest() == expected, path
    installation.transcript.say(f"{MONTH}.r1 is published, its {len(sums)} files are served whole")


def test_the_site_shows_releases_and_takes_nothing(installation: Installation) -> None:
    site = f"http://127.0.0.1:{installation.site_port}"
    assert requests.get(f"{site}/.hidden", timeout=10).status_code == 404
    assert requests.get(f"{site}/../airflow/airflow.cfg", timeout=10).status_code == 404
    assert requests.put(f"{site}/index.html", data=b"", timeout=10).status_code == 403


def test_the_command_line_works_in_a_container(installation: Installation) -> None:
    status = json.loads(installation.execute("scheduler", "service-index", "status", "--json"))
    assert f"{MONTH}.r1" in json.dumps(status["releases"])
    shown = installation.execute("scheduler", "service-index", "show", "--month", MONTH)
    assert MONTH in shown


def test_it_can_be_prepared_again(installation: Installation) -> None:
    code = (
        "import subprocess, sys; "
        "print(subprocess.run(['service-index', 'migrate'], capture_output=True).stderr)"
    )
    said = ast.literal_eval(installation.execute("scheduler", "python", "-c", code)).decode()
    assert "its schema is the newest" in said


def test_every_part_writes_its_logs_where_they_are_read(
    installation: Installation, airflow: AirflowApi
) -> None:
    run = airflow.runs("ingest_daily")[-1]["dag_run_id"]
    path = f"dags/ingest_daily/dagRuns/{run}/taskInstances/load/logs/1"
    assert "load" in json.dumps(airflow.call("GET", path))
