"""What is wrong and not mended yet, in `ops.incident`."""

from service_index.warehouse.migrations.script_file import execute_beside

revision = "0012"
down_revision = "0011"


def upgrade() -> None:
    execute_beside(__file__)
