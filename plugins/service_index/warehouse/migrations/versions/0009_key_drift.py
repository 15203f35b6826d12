"""What a batch's records carried, key by key, and how that differs from the batches before."""

from service_index.warehouse.migrations.script_file import execute_beside

revision = "0009"
down_revision = "0008"


def upgrade() -> None:
    execute_beside(__file__)
