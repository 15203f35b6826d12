"""That personal data were erased, in `ops.erasure`."""

from service_index.warehouse.migrations.script_file import execute_beside

revision = "0015"
down_revision = "0014"


def upgrade() -> None:
    execute_beside(__file__)
