"""No secret in a text, a traceback's locals, an error, a log or a serialised DAG.

What is asked of a source is tested in test_extract_faults.py, what alerts say in
test_alerts_delivery.py, logs and events of whole runs in test_observability.py, containers in
tests/compose.
"""

from __future__ import annotations

import ast
import copy
import os
import re
import subprocess
import sys
import traceback
from collections.abc import Mapping
from dataclasses import asdict
from io import StringIO
from pathlib import Path
from typing import Any

import psycopg
import pytest
import rich.traceback
from rich.console import Console

from service_index import settings
from service_index.orchestration import connections, failures, messenger, superset_secrets
from service_index.orchestration.background import ServiceError
from service_index.orchestration.local_airflow import RunFailedError
from service_index.quality.validation import _datasource
from service_index.settings import PROJECT_ROOT
from service_index.sources.client import SourceClient, _PageAttempt
from service_index.sources.endpoint import Secret, SourceEndpoint
from service_index.sources.tokens import BearerAuth, TokenKeeper, _Grant
from service_index.sources.transport import Transport
from service_index.warehouse import connection
from simulator.server import SampleSource

PROGRAM = Path(sys.executable).with_name("service-index")
SECRET = "hush-hush"
# A password whose special signs are not encoded, and addresses that are no address at all.
UNFIT = (
    f"postgresql://user:x@{SECRET}@127.0.0.1:1/db",
    f"postgresql://user:x%{SECRET}@127.0.0.1:1/db",
    f"postgresql://user:x {SECRET}@127.0.0.1:1/db",
    f"postgresql://user:{SECRET}/x@127.0.0.1:1/db",
    f"postgresql://user:{SECRET}?x@127.0.0.1:1/db",
    f"postgresql://user:x[{SECRET}@127.0.0.1:1/db",
    f"postgresql:user:{SECRET}@127.0.0.1:1/db",
    f"mysql://user:{SECRET}@127.0.0.1:1/db",
)
# It is understood, and nobody listens there.
REFUSED = f"postgresql://user:{SECRET}@127.0.0.1:1/db"


def every_text(thing: Any) -> str:
    """Whatever a log, a debugger or a traceback with its locals would write of it."""
    inside = getattr(thing, "__dict__", {})
    shown = StringIO()
    Console(file=shown, width=400).print(thing, inside)
    return f"{thing} {thing!r} {thing!r:>20} {inside!r} {shown.getvalue()}"


def told(error: BaseException) -> str:
    """The error as Python and as rich write it, with the locals of every frame of the project."""
    ours = [
        frame.f_locals
        for frame, _ in traceback.walk_tb(error.__traceback__)
        if "service_index" in frame.f_code.co_filename and frame.f_code.co_name != "checked_dsn"
    ]
    shown = StringIO()
    Console(file=shown, width=400).print(
        rich.traceback.Traceback.from_exception(type(error), error, error.__traceback__)
    )
    return "".join(traceback.format_exception(error)) + shown.getvalue() + repr(ours)


def test_nothing_that_signs_in_shows_with_what() -> None:
    endpoint = SourceEndpoint("http://host.example/api", "client", Secret(SECRET))
    with SourceClient(endpoint) as client:
        transport = Transport(client.policy)
        keeper = TokenKeeper(endpoint, transport)
        keeper._token = Secret(SECRET)
        attempt = _PageAttempt(transport, keeper, endpoint.url("v1/units"), {})
        grant = _Grant(Secret(SECRET), 60.0)
        for thing in (
            *(client, keeper, attempt, endpoint, asdict(endpoint), transport, grant),
            *(BearerAuth(keeper.current), copy.deepcopy(endpoint), Secret(SECRET), [grant]),
        ):
            assert SECRET not in every_text(thing)
        transport.close()


def test_a_token_that_was_fetched_is_shown_nowhere() -> None:
    with SampleSource.from_records({}) as source:
        endpoint = SourceEndpoint.from_uri(source.connection_uri)
        with SourceClient(endpoint) as client:
            token = client._tokens.current()
            for thing in (client, client._tokens, vars(client), BearerAuth(token)):
                assert token.reveal() not in every_text(thing)


def test_a_class_that_keeps_a_secret_hides_it() -> None:
    """Whoever adds one: give it the type `Secret`."""
    telling = re.compile(r"secret|token|password|credential|dsn")
    fields = {}
    for path in (PROJECT_ROOT / "plugins" / "service_index").rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if not isinstance(node, ast.ClassDef):
                continue
            for item in node.body:
                if isinstance(item, ast.AnnAssign) and telling.search(ast.unparse(item.target)):
                    name = f"{node.name}.{ast.unparse(item.target)}"
                    fields[name] = "Secret" in ast.unparse(item.annotation)
    assert {"SourceEndpoint.client_secret", "_Grant.access_token"} <= fields.keys()
    assert [name for name, is_hidden in fields.items() if not is_hidden] == []


@pytest.mark.parametrize("address", UNFIT)
def test_an_unfit_address_of_the_warehouse_is_not_repeated(address: str) -> None:
    with pytest.raises(ValueError, match="is not a PostgreSQL URI: write it as") as refused:
        connection.checked_dsn(address)
    assert SECRET not in told(refused.value)
    assert SECRET not in failures.public_reason(refused.value)


@pytest.mark.parametrize(
    "address",
    [
        "postgres://user:p%40ss%2Fw%25rd@host:5432/db",
        "postgresql://user:word@one,two:5432,5433/db?target_session_attrs=read-write",
        "postgresql://user@/db?host=/run/p@stgres",
        "postgresql:///db",
        "postgresql://user:word@[::1]:5432/db",
    ],
)
def test_a_fit_address_is_taken(address: str) -> None:
    conninfo = psycopg.conninfo.conninfo_to_dict(connection.checked_dsn(address))
    assert conninfo == psycopg.conninfo.conninfo_to_dict(address)


def test_a_warehouse_that_is_away_is_told_without_its_password(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(failures, "_reasons", [])
    with pytest.raises(psycopg.OperationalError) as refused:
        connection.connect(connection.checked_dsn(REFUSED))

    class Instance:
        task_id = "load"

    failures.remember({"task_instance": Instance(), "exception": refused.value})
    reasons = failures.first()
    assert reasons
    assert "127.0.0.1" in reasons[1]
    failed = RunFailedError(*reasons)
    assert SECRET not in f"{reasons} {every_text(failed)} {failed.public}"


def test_an_open_connection_and_the_gates_context_show_no_password(warehouse_dsn: str) -> None:
    dsn = f"{warehouse_dsn}&password={SECRET}"
    with connection.connect(dsn) as opened:
        # The embedded server asks for none, and is told it all the same.
        assert opened.info.password == SECRET
        assert SECRET not in f"{opened} {opened!r} {opened.info!r} {opened.info.dsn}"
    datasource = _datasource(dsn)
    assert SECRET not in f"{datasource} {datasource!r}"
    assert SECRET not in datasource.json()


@pytest.mark.parametrize(
    ("address", "shown"),
    [
        (
            f"mailtos://user:{SECRET}@mail.example.org?to=x@example.org",
            "mailtos://mail.example.org…",
        ),
        (f"mailtos://user:x@{SECRET}@mail.example.org", "mailtos://mail.example.org…"),
        (f"mailtos://user:x/{SECRET}@mail.example.org", "mailtos://user…"),
        (f"mailtos://user:x#{SECRET}@mail.example.org", "mailtos://user…"),
        (f"mailtos://user:x[{SECRET}@mail.example.org", "mailtos://…"),
        (f"jsons://host.example/{SECRET}?key={SECRET}", "jsons://host.example…"),
        (f"slack://{SECRET}/b/c", "slack://…"),
        (f"tgram://{SECRET}/1", "tgram://…"),
        (f"https://{SECRET}.example/hook", "https://…"),
        (SECRET, "…"),
        (f"{SECRET}://host", "…"),
    ],
)
def test_an_alerts_address_is_shown_by_kind_and_host(address: str, shown: str) -> None:
    assert messenger._shown(address) == shown
    outcome = messenger.Outcome(messenger._shown(address), False, "")
    assert SECRET not in every_text(outcome)


@pytest.mark.parametrize("landing", [f"ftp://user:{SECRET}@host/x", f"s3://a[{SECRET}@bucket"])
def test_a_landing_with_a_password_in_its_address_is_refused(
    landing: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SERVICE_INDEX_LANDING", landing)
    with pytest.raises(ValueError, match="SERVICE_INDEX_LANDING holds a password") as refused:
        settings.load()
    assert SECRET not in str(refused.value)
    monkeypatch.setenv("SERVICE_INDEX_LANDING", "abfs://container@account.example/folder")
    assert settings.load().landing_url == "abfs://container@account.example/folder"


@pytest.mark.parametrize(
    "portal",
    [
        f"https://user:{SECRET}@host/x",
        f"https://user:x/{SECRET}@host",
        f"ftp://{SECRET}",
        f"https://user:{SECRET}@[host",
        f"https://user:{SECRET}@ho\u2100st",
    ],
)
def test_an_unfit_address_of_the_portal_is_not_repeated(
    portal: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AIRFLOW_CONN_NATIONAL_PORTAL", portal)
    with pytest.raises(ValueError, match="AIRFLOW_CONN_NATIONAL_PORTAL") as refused:
        connections.national_portal()
    assert SECRET not in "".join(traceback.format_exception(refused.value))


@pytest.mark.parametrize("driver", ["", "+psycopg", "+psycopg2"])
@pytest.mark.parametrize("host", ["nowhere.invalid", "its-end@nowhere.invalid"])
def test_an_unfit_address_of_supersets_own_database_is_not_repeated(driver: str, host: str) -> None:
    address = f"postgresql{driver}://user:{SECRET}@{host}/superset"
    with (
        pytest.raises((ServiceError, settings.SettingsError)) as refused,
        superset_secrets.connect(address),
    ):
        pass
    assert SECRET not in "".join(traceback.format_exception(refused.value))
    assert "its-end" not in str(refused.value)


def run(home: Path, command: list[str], **variables: str) -> tuple[int, str]:
    """Exit status of a command, and all that it said and wrote."""
    environment = {"SERVICE_INDEX_HOME": str(home), **variables}
    done = subprocess.run(
        command, env=os.environ | environment, capture_output=True, text=True, check=False
    )
    written = [path.read_text(encoding="utf-8") for path in home.rglob("*") if path.is_file()]
    return done.returncode, "\n".join([done.stdout, done.stderr, *written])


@pytest.mark.parametrize(
    ("variables", "reason"),
    [
        ({"AIRFLOW_CONN_WAREHOUSE": UNFIT[0]}, "is not a PostgreSQL URI"),
        ({"AIRFLOW_CONN_WAREHOUSE": UNFIT[1], "SERVICE_INDEX_DEBUG": "1"}, "SettingsError"),
        ({"AIRFLOW_CONN_WAREHOUSE": REFUSED}, "127.0.0.1"),
        ({"AIRFLOW_CONN_WAREHOUSE": REFUSED, "SERVICE_INDEX_DEBUG": "1"}, "OperationalError"),
    ],
)
def test_a_command_that_fails_names_no_password(
    tmp_path: Path, variables: Mapping[str, str], reason: str
) -> None:
    status, said = run(tmp_path, [str(PROGRAM), "backup", str(tmp_path / "copy")], **variables)
    assert status == 1
    assert reason in said
    assert ("SERVICE_INDEX_DEBUG" in variables) or '"level": "error"' in said
    assert SECRET not in said


SERIALISE = """
import json, sys
from airflow.dag_processing.dagbag import DagBag
from airflow.serialization.serialized_objects import DagSerialization
bag = DagBag(sys.argv[1])
assert not bag.import_errors, bag.import_errors
print(json.dumps([DagSerialization.to_dict(dag) for dag in bag.dags.values()], default=str))
"""


def test_a_serialised_dag_holds_no_connection(tmp_path: Path) -> None:
    status, said = run(
        tmp_path,
        [sys.executable, "-c", SERIALISE, str(PROJECT_ROOT / "dags")],
        AIRFLOW_HOME=str(tmp_path / "airflow"),
        AIRFLOW__CORE__LOAD_EXAMPLES="false",
        AIRFLOW_CONN_WAREHOUSE=REFUSED,
        AIRFLOW_CONN_DOSSIER_API=f"https://client:{SECRET}@host.example/api",
        AIRFLOW__API_AUTH__JWT_SECRET=SECRET,
    )
    assert status == 0, said
    assert all(dag in said for dag in ("ingest_daily", "score_monthly", "report_period"))
    assert SECRET not in said
