"""Schemas raw, quarantine and ops."""

from service_index.warehouse.migrations.script_file import execute_beside

revision = "0001"
down_revision = None


def upgrade() -> None:
    execute_beside(__file__)
