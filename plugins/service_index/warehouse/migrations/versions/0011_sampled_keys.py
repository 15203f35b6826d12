"""The keys of a batch stand in its profile, with their types; the bare list of them goes."""

from service_index.warehouse.migrations.script_file import execute_beside

revision = "0011"
down_revision = "0010"


def upgrade() -> None:
    execute_beside(__file__)
