"""Which files a release was published with."""

from service_index.warehouse.migrations.script_file import execute_beside

revision = "0006"
down_revision = "0005"


def upgrade() -> None:
    execute_beside(__file__)
