"""The releases that a release was made beside are kept, and no longer worked out from clocks."""

from service_index.warehouse.migrations.script_file import execute_beside

revision = "0010"
down_revision = "0009"


def upgrade() -> None:
    execute_beside(__file__)
