"""Mended records are batches of their own; releases tell what was in quarantine."""

from service_index.warehouse.migrations.script_file import execute_beside

revision = "0008"
down_revision = "0007"


def upgrade() -> None:
    execute_beside(__file__)
