"""Apache Superset on this machine, with the dashboards of `dashboards/`.

Superset lives in an environment of its own, as its pins are not ours; what the two share is its
command line, its HTTP API and the warehouse, which it reads as a `bi_reader`.
"""

from __future__ import annotations

import io
import json
import os
import secrets
import subprocess
import sys
import zipfile
from pathlib import Path

import psycopg
import requests
from psycopg.conninfo import make_conninfo

from service_index.orchestration import background
from service_index.orchestration.background import ServiceError
from service_index.orchestration.progress import say
from service_index.orchestration.stages import open_warehouse
from service_index.settings import Settings
from service_index.warehouse import embedded
from service_index.warehouse.access.logins import add_login
from service_index.warehouse.connection import sqlalchemy_url

# Superset's own database, as SQLAlchemy writes addresses; else one on the embedded server.
DATABASE_VARIABLE = "SERVICE_INDEX_SUPERSET_DATABASE"
LOGIN = "superset_local"
ADMINISTRATOR = "admin"
HEALTHY_WITHIN_SECONDS = 120
_DATABASE = "databases/warehouse.yaml"
# What Superset puts for a password that comes apart from the files.
_MASK = "XXXXXXXXXX"
_PLACEHOLDER = "postgresql+psycopg2://superset_local:XXXXXXXXXX@localhost/warehouse"


def start(settings: Settings, port: int) -> None:
    """Start Superset and bring its dashboards to what the repository holds.

    A running one is left as it is, but for its dashboards. Raises ServiceError, one line.
    """
    programs = _programs()
    with open_warehouse() as (connection, dsn, _):
        _refuse_unscored(connection)
        # Nobody has to know it: each start sets another one.
        password = secrets.token_urlsafe(32)
        with connection.transaction():
            add_login(connection, LOGIN, password)
    pid_file = _pid_file(settings)
    if background.is_running(pid_file):
        say("Superset is running already (stop it by `make down`)")
        port = int(_port_file(settings).read_text(encoding="utf-8"))
    else:
        background.refuse_taken(port, "superset")
        _serve(settings, programs, port)
    _import(settings, port, make_conninfo(dsn, user=LOGIN, password=_MASK), password)
    say(f"Superset: http://localhost:{port}/dashboard/list/, open to this machine only")
    say(f"Sign in as {ADMINISTRATOR}; the password is in {_folder(settings) / 'admin-password'}")
    say("The dashboards are those of dashboards/; what you change in them there, the next start")
    say("takes back: save yours under another name. Stop: `make down`")


def stop(settings: Settings) -> bool:
    """Stop Superset; False where it does not run."""
    return background.stop(_pid_file(settings))


def bundle(folder: Path, warehouse: str) -> bytes:
    """The files of `dashboards/` as a ZIP that Superset imports, with the warehouse's address."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for path in sorted(folder.rglob("*.yaml")):
            name = path.relative_to(folder).as_posix()
            text = path.read_text(encoding="utf-8")
            if name == _DATABASE:
                # JSON's strings are YAML's too.
                text = text.replace(_PLACEHOLDER, json.dumps(warehouse))
            archive.writestr(f"dashboards/{name}", text)
    return out.getvalue()


def _programs() -> Path:
    programs = Path(sys.prefix) / "superset" / "bin"
    if not (programs / "superset").exists():
        raise ServiceError("Superset is not installed: `make superset` does it, and starts it")
    return programs


def _refuse_unscored(connection: psycopg.Connection) -> None:
    found = connection.execute("select to_regclass('marts.mart_monthly_score')").fetchone()
    if found == (None,):
        raise ServiceError(
            "nothing is scored yet, so there is nothing to show: `make demo`, or `service-index "
            "ingest` and `service-index score`"
        )


def _serve(settings: Settings, programs: Path, port: int) -> None:
    environment = _environment(settings, programs)
    log = settings.home / "logs" / "superset.log"
    _prepare(settings, programs, environment, log)
    say("Superset is starting …")
    gunicorn = background.launch(
        [
            str(programs / "gunicorn"),
            *("--bind", f"127.0.0.1:{port}", "--workers", "2"),
            *("--worker-class", "gthread", "--threads", "8", "--timeout", "120"),
            "superset.app:create_app()",
        ],
        environment,
        log,
    )
    background.record(_pid_file(settings), [gunicorn.pid])
    _port_file(settings).write_text(str(port), encoding="utf-8")
    if not background.wait_until(lambda: _is_healthy(port), gunicorn, HEALTHY_WITHIN_SECONDS):
        stop(settings)
        raise ServiceError(f"Superset did not become healthy, see {log}")


def _environment(settings: Settings, programs: Path) -> dict[str, str]:
    own = os.environ.get(DATABASE_VARIABLE) or sqlalchemy_url(
        embedded.database_dsn(settings.home, "superset"), driver="psycopg2"
    )
    return os.environ | {
        "PATH": f"{programs}{os.pathsep}{os.environ.get('PATH', '')}",
        "SUPERSET_HOME": str(_folder(settings)),
        "SUPERSET_CONFIG_PATH": str(settings.project_root / "dashboards" / "superset_config.py"),
        DATABASE_VARIABLE: own,
        "SERVICE_INDEX_SUPERSET_KEY": _secret(settings, "secret-key"),
        # Where Flask's command line looks for an option that is not given.
        "FLASK_FAB_CREATE_ADMIN_PASSWORD": _secret(settings, "admin-password"),
    }


def _prepare(settings: Settings, programs: Path, environment: dict[str, str], log: Path) -> None:
    """Tables, roles and the administrator, unless this version of Superset made them before."""
    superset = str(programs / "superset")
    marker = _folder(settings) / "made-for"
    made_for = next((programs.parent / "lib").glob("*/site-packages/apache_superset-*.dist-info"))
    if marker.exists() and marker.read_text(encoding="utf-8") == made_for.name:
        return
    say("Superset's own database is being made (a minute, once) …")
    administrator = ("--username", ADMINISTRATOR, "--firstname", "Superset", "--lastname", "Admin")
    for arguments in (
        ("db", "upgrade"),
        ("fab", "create-admin", *administrator, "--email", "admin@localhost"),
        ("init",),
    ):
        log.parent.mkdir(parents=True, exist_ok=True)
        with log.open("ab") as file:
            done = subprocess.run(
                [superset, *arguments], env=environment, stdout=file, stderr=file, check=False
            )
        if done.returncode:
            raise ServiceError(f"`superset {arguments[0]} …` failed, see {log}")
    marker.write_text(made_for.name, encoding="utf-8")


def _import(settings: Settings, port: int, warehouse: str, password: str) -> None:
    base = f"http://127.0.0.1:{port}"
    files = bundle(settings.project_root / "dashboards", sqlalchemy_url(warehouse, "psycopg2"))
    sign_in = {
        "username": ADMINISTRATOR,
        "password": _secret(settings, "admin-password"),
        "provider": "db",
    }
    try:
        with requests.Session() as session:
            answer = session.post(f"{base}/api/v1/security/login", json=sign_in, timeout=60)
            answer.raise_for_status()
            session.headers["Authorization"] = f"Bearer {answer.json()['access_token']}"
            answer = session.get(f"{base}/api/v1/security/csrf_token/", timeout=60)
            answer.raise_for_status()
            session.headers.update({"X-CSRFToken": answer.json()["result"], "Referer": base})
            answer = session.post(
                f"{base}/api/v1/assets/import/",
                files={"bundle": ("dashboards.zip", files)},
                data={"passwords": json.dumps({_DATABASE: password})},
                timeout=120,
            )
    except requests.RequestException as error:
        raise ServiceError(
            f"Superset's API cannot be used ({error}): sign in as {ADMINISTRATOR} with the "
            f"password in {_folder(settings) / 'admin-password'}, or write yours there"
        ) from None
    if not answer.ok:
        raise ServiceError(f"Superset refused the dashboards: {' '.join(answer.text.split())}")


def _is_healthy(port: int) -> bool:
    try:
        return requests.get(f"http://127.0.0.1:{port}/health", timeout=5).ok
    except requests.RequestException:
        return False


def _secret(settings: Settings, name: str) -> str:
    """A secret of this installation, made when it is first asked for; its owner alone reads it."""
    path = _folder(settings) / name
    if not path.exists():
        path.touch(mode=0o600)
        path.write_text(secrets.token_urlsafe(32), encoding="utf-8")
    return path.read_text(encoding="utf-8").strip()


def _folder(settings: Settings) -> Path:
    folder = settings.home / "superset"
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def _pid_file(settings: Settings) -> Path:
    return settings.home / "superset.pids"


def _port_file(settings: Settings) -> Path:
    return _folder(settings) / "port"
