"""National results: batches of a month, and raw.national_scores."""

from service_index.warehouse.migrations.script_file import execute_beside

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    execute_beside(__file__)
