"""What it takes to make a release again from raw: what was known, and the project as it was."""

from service_index.warehouse.migrations.script_file import execute_beside

revision = "0007"
down_revision = "0006"


def upgrade() -> None:
    execute_beside(__file__)
