"""Schema published."""

from service_index.warehouse.migrations.script_file import execute_beside

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    execute_beside(__file__)
