"""What documents and pages of a release show beside its scores, and what the public may see."""

from service_index.warehouse.migrations.script_file import execute_beside

revision = "0005"
down_revision = "0004"


def upgrade() -> None:
    execute_beside(__file__)
    execute_beside(__file__, "0005_small_cells.sql")
