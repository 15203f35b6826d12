"""Apache Superset on this machine, with the dashboards of `dashboards/`.

Superset lives in an environment of its own, as its pins are not ours; what the two share is its
command line, its HTTP API and the warehouse, which it reads as a `bi_reader`.
"""

from __future__ import annotations

import fcntl
import hashlib
import io
import json
import os
import secrets
import socket
import subprocess
import sys
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg
import requests
from psycopg.conninfo import make_conninfo

from service_index.orchestration import background, superset_secrets
from service_index.orchestration.background import ServiceError
from service_index.orchestration.progress import say
from service_index.orchestration.stages import open_warehouse
from service_index.orchestration.superset_secrets import KEY, PASSWORD, secret
from service_index.settings import Settings
from service_index.warehouse import embedded
from service_index.warehouse.access.logins import add_login
from service_index.warehouse.connection import sqlalchemy_url

# Superset's own database, as SQLAlchemy writes addresses; else one on the embedded server.
DATABASE_VARIABLE = "SERVICE_INDEX_SUPERSET_DATABASE"
KEY_VARIABLE = "SERVICE_INDEX_SUPERSET_KEY"
ADMINISTRATOR = "admin"
HEALTHY_WITHIN_SECONDS = 120
# All that Superset is given of this process's environment, where the owner's password may stand.
_PASSED_ON = ("HOME", "LANG", "LC_ALL", "LC_CTYPE", "PATH", "TMPDIR", "TZ")
_DATABASE = "databases/warehouse.yaml"
# What Superset puts for a password that comes apart from the files.
_MASK = "XXXXXXXXXX"
_PLACEHOLDER = f"postgresql+psycopg2://superset:{_MASK}@localhost/warehouse"


def start(settings: Settings, port: int, *, new_key: bool = False) -> None:
    """Start Superset and bring its dashboards to what the repository holds.

    A running one is left as it is, but for its dashboards; with `new_key` it is started again with
    another key. Raises ServiceError, one line.
    """
    programs = _programs()
    with _alone(settings), open_warehouse() as (connection, dsn, _):
        _refuse_unscored(connection)
        connection.commit()
        if is_running(settings):
            port = int(_port_file(settings).read_text(encoding="utf-8"))
            if new_key:
                stop(settings)
            else:
                say("Superset is running already (stop it by `make down`)")
        if not is_running(settings):
            background.refuse_taken(port, "superset")
            _serve(settings, programs, port, new_key=new_key)
        # Nobody has to know it: each start sets another one.
        password = secrets.token_urlsafe(32)
        add_login(connection, login_of(settings), password)
        connection.commit()
        reader = make_conninfo(dsn, user=login_of(settings), password=_MASK)
        _import(settings, port, sqlalchemy_url(reader, "psycopg2"), password)
    say(f"Superset: http://localhost:{port}/dashboard/list/, open to this machine only")
    say(f"Sign in as {ADMINISTRATOR}; the password is in {_folder(settings) / PASSWORD}")
    say("The dashboards are those of dashboards/; what you change in them there, the next start")
    say("takes back: save yours under another name. Stop: `make down`")


def stop(settings: Settings) -> bool:
    """Stop Superset; False where it does not run."""
    return background.stop(_pid_file(settings))


def is_running(settings: Settings) -> bool:
    """Whether a Superset of this installation was started and is there."""
    return background.is_running(_pid_file(settings))


def login_of(settings: Settings) -> str:
    """The warehouse's login for this installation's Superset: several may read one warehouse."""
    place = f"{socket.gethostname()} {settings.home}"
    return f"superset_{hashlib.sha256(place.encode()).hexdigest()[:8]}"


def bundle(folder: Path, warehouse: str) -> bytes:
    """The files of `dashboards/` as a ZIP that Superset imports, with the warehouse's address."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for path in sorted(folder.rglob("*.yaml")):
            name = path.relative_to(folder).as_posix()
            text = path.read_text(encoding="utf-8")
            if name == _DATABASE:
                if _PLACEHOLDER not in text:
                    raise ServiceError(f"{path} names another address than {_PLACEHOLDER}")
                # JSON's strings are YAML's too.
                text = text.replace(_PLACEHOLDER, json.dumps(warehouse))
            archive.writestr(f"dashboards/{name}", text)
    return out.getvalue()


def _programs() -> Path:
    programs = Path(sys.prefix) / "superset" / "bin"
    if not (programs / "superset").exists():
        raise ServiceError("Superset is not installed: `make superset` does it, and starts it")
    return programs


@contextmanager
def _alone(settings: Settings) -> Iterator[None]:
    with (_folder(settings) / "lock").open("w") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise ServiceError("another `service-index superset` is at it: wait for it") from None
        yield


def _refuse_unscored(connection: psycopg.Connection) -> None:
    found = connection.execute("select to_regclass('marts.mart_monthly_score')").fetchone()
    if found == (None,):
        raise ServiceError(
            "nothing is scored yet, so there is nothing to show: `make demo`, or `service-index "
            "ingest` and `service-index score`"
        )


def _serve(settings: Settings, programs: Path, port: int, *, new_key: bool) -> None:
    log = _log(settings)
    own = _own_database(settings)
    superset_secrets.settle_key(_folder(settings), own, renew=new_key)
    environment = _environment(settings, programs)
    _prepare(settings, programs, environment, log)
    superset_secrets.record_key(_folder(settings), own)
    say("Superset is starting …")
    _port_file(settings).write_text(str(port), encoding="utf-8")
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
    try:
        healthy = background.wait_until(lambda: _is_healthy(port), gunicorn, HEALTHY_WITHIN_SECONDS)
    except BaseException:
        stop(settings)
        raise
    if not healthy:
        stop(settings)
        raise ServiceError(f"Superset did not become healthy, see {log}")


def _environment(settings: Settings, programs: Path) -> dict[str, str]:
    passed_on = {name: os.environ[name] for name in _PASSED_ON if name in os.environ}
    return passed_on | {
        "PATH": f"{programs}{os.pathsep}{os.environ.get('PATH', '')}",
        "SUPERSET_HOME": str(_folder(settings)),
        "SUPERSET_CONFIG_PATH": str(settings.project_root / "dashboards" / "superset_config.py"),
        DATABASE_VARIABLE: _own_database(settings),
        KEY_VARIABLE: secret(_folder(settings), KEY),
    }


def _own_database(settings: Settings) -> str:
    return os.environ.get(DATABASE_VARIABLE) or sqlalchemy_url(
        embedded.database_dsn(settings.home, "superset"), driver="psycopg2"
    )


def _prepare(settings: Settings, programs: Path, environment: dict[str, str], log: Path) -> None:
    """Tables, roles and the administrator, unless this version of Superset made them before."""
    marker = _folder(settings) / "made-for"
    version = next(iter(programs.parent.glob("lib/*/site-packages/apache_superset-*.dist-info")))
    own = environment[DATABASE_VARIABLE]
    made_for = f"{version.name} {hashlib.sha256(own.encode()).hexdigest()}"
    is_made = marker.exists() and marker.read_text(encoding="utf-8") == made_for
    if is_made and superset_secrets.has_tables(own):
        return
    say("Superset's own database is being made (a minute, once) …")
    # Where Flask's command line looks for an option; a list of processes shows none of it.
    password = {"FLASK_FAB_CREATE_ADMIN_PASSWORD": secret(_folder(settings), PASSWORD)}
    administrator = ("--username", ADMINISTRATOR, "--firstname", "Superset", "--lastname", "Admin")
    for arguments in (
        ("db", "upgrade"),
        ("fab", "create-admin", *administrator, "--email", "admin@localhost"),
        ("init",),
    ):
        log.parent.mkdir(parents=True, exist_ok=True)
        with log.open("ab") as file:
            done = subprocess.run(
                [str(programs / "superset"), *arguments],
                env=environment | (password if "create-admin" in arguments else {}),
                stdout=file,
                stderr=file,
                check=False,
            )
        if done.returncode:
            raise ServiceError(f"`superset {arguments[0]} …` failed, see {log}")
    marker.write_text(made_for, encoding="utf-8")


def _import(settings: Settings, port: int, warehouse: str, password: str) -> None:
    base = f"http://127.0.0.1:{port}"
    files = bundle(settings.project_root / "dashboards", warehouse)
    sign_in = {
        "username": ADMINISTRATOR,
        "password": secret(_folder(settings), PASSWORD),
        "provider": "db",
    }
    try:
        with _session() as session:
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
            f"password in {_folder(settings) / PASSWORD}, or write yours there"
        ) from None
    if not answer.ok:
        # An error within Superset comes as a whole page.
        is_told = answer.headers.get("content-type", "").startswith("application/json")
        why = " ".join(answer.text.split()) if is_told else f"see {_log(settings)}"
        raise ServiceError(f"Superset refused the dashboards (status {answer.status_code}): {why}")


def _is_healthy(port: int) -> bool:
    try:
        with _session() as session:
            return session.get(f"http://127.0.0.1:{port}/health", timeout=5).ok
    except requests.RequestException:
        return False


def _session() -> requests.Session:
    """To this machine, whatever proxy or netrc the environment names."""
    session = requests.Session()
    session.trust_env = False
    return session


def _folder(settings: Settings) -> Path:
    folder = settings.home / "superset"
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    return folder


def _log(settings: Settings) -> Path:
    return settings.home / "logs" / "superset.log"


def _pid_file(settings: Settings) -> Path:
    return settings.home / "superset.pids"


def _port_file(settings: Settings) -> Path:
    return _folder(settings) / "port"
