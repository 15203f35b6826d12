"""What an installation needs before its services start."""

from __future__ import annotations

import psycopg

from service_index.orchestration import connections, local_airflow
from service_index.orchestration.progress import say
from service_index.settings import Settings
from service_index.warehouse import migrate as warehouse_schema


def migrate(settings: Settings) -> None:
    """Check the connections, then bring Airflow's metadata and the warehouse to this version.

    Raises SettingsError for a connection that is malformed, or a warehouse that is not set.
    """
    dsn = connections.warehouse_dsn(settings)
    source = connections.dossier_api() if connections.has_source() else None
    portal = connections.national_portal()
    say(
        f"Dossier source: {source.name if source else 'none yet'}; "
        f"national portal: {portal.name if portal else 'none'}"
    )
    local_airflow.prepare(settings, is_new=True)
    say("Airflow's metadata and the pool of source tasks are as this version needs them")
    changed = warehouse_schema.upgrade(dsn)
    with psycopg.connect(dsn) as connection:
        where = connection.info
        say(
            f"Warehouse {where.dbname} (PostgreSQL {where.server_version // 10_000}): "
            f"{'its schema is renewed' if changed else 'its schema is the newest'}"
        )
