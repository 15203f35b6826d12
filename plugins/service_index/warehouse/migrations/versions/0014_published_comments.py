"""Every relation and column of `published` says what it is, in English and Vietnamese."""

from service_index.warehouse.migrations.script_file import execute_beside

revision = "0014"
down_revision = "0013"


def upgrade() -> None:
    execute_beside(__file__)
