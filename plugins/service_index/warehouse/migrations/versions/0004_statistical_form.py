"""The statistical form: what is entered by hand, and the form as it is published."""

from service_index.warehouse.migrations.script_file import execute_beside

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    execute_beside(__file__)
