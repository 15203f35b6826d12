"""Schema migrations (Alembic), forward only."""

from __future__ import annotations

from pathlib import Path

import psycopg
from alembic import command
from alembic.config import Config
from alembic.script import ScriptDirectory

from service_index.warehouse.connection import connect, sqlalchemy_url
from service_index.warehouse.locks import MIGRATION_LOCK

MIGRATIONS = Path(__file__).parent / "migrations"


def upgrade(dsn: str) -> bool:
    """Bring the warehouse's schema to the newest revision; false when it already was."""
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    config.attributes["url"] = sqlalchemy_url(dsn)
    newest = ScriptDirectory.from_config(config).get_current_head()
    with connect(dsn, autocommit=True) as connection:
        if _present_revision(connection) == newest:
            return False
        connection.execute("select pg_advisory_lock(%s)", [MIGRATION_LOCK])
        command.upgrade(config, "head")
    return True


def _present_revision(connection: psycopg.Connection) -> str | None:
    known = connection.execute("select to_regclass('public.alembic_version')").fetchone()
    if known is None or known[0] is None:
        return None
    row = connection.execute("select version_num from public.alembic_version").fetchone()
    return str(row[0]) if row else None
