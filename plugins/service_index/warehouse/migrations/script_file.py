"""A revision's statements stand in .sql files beside it, to be read as SQL."""

from pathlib import Path

import psycopg
from alembic import op
from sqlalchemy import Connection


def raw_connection(bind: Connection) -> psycopg.Connection:
    """The driver's own connection, in the migrations' transaction."""
    connection = bind.connection.driver_connection
    assert isinstance(connection, psycopg.Connection)  # noqa: S101 - a bound one has its driver's
    return connection


def execute_beside(revision_file: str, name: str | None = None) -> None:
    """Run the .sql file beside `revision_file` that has its name, or the `name` that is given."""
    revision = Path(revision_file)
    script = revision.with_name(name) if name else revision.with_suffix(".sql")
    # The driver's cursor takes many statements at once and reads no placeholders.
    raw_connection(op.get_bind()).execute(script.read_text(encoding="utf-8"))
