"""The five roles, and whose dossiers a unit's reader sees."""

from alembic import op

from service_index.warehouse import access
from service_index.warehouse.migrations.script_file import execute_beside, raw_connection

revision = "0013"
down_revision = "0012"


def upgrade() -> None:
    access.create_roles(raw_connection(op.get_bind()))
    execute_beside(__file__)
