"""A revision's statements stand in .sql files beside it, to be read as SQL."""

from pathlib import Path

from alembic import op


def execute_beside(revision_file: str, name: str | None = None) -> None:
    """Run the .sql file beside `revision_file` that has its name, or the `name` that is given."""
    revision = Path(revision_file)
    script = revision.with_name(name) if name else revision.with_suffix(".sql")
    statements = script.read_text(encoding="utf-8")
    # The driver's cursor takes many statements at once and reads no placeholders.
    driver_connection = op.get_bind().connection.driver_connection
    assert driver_connection is not None  # noqa: S101 - a bound connection has its driver's
    driver_connection.execute(statements)
