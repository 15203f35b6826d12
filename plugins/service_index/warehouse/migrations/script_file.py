"""A revision's statements stand in an .sql file of the same name, to be read as SQL."""

from pathlib import Path

from alembic import op


def execute_beside(revision_file: str) -> None:
    """Run the .sql file that stands beside `revision_file`."""
    statements = Path(revision_file).with_suffix(".sql").read_text(encoding="utf-8")
    # The driver's cursor takes many statements at once and reads no placeholders.
    driver_connection = op.get_bind().connection.driver_connection
    assert driver_connection is not None  # noqa: S101 - a bound connection has its driver's
    driver_connection.execute(statements)
