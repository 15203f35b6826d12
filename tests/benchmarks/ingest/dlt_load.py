"""dlt's way from the API to PostgreSQL: its REST client, one resource, appended."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlsplit

from psycopg.conninfo import conninfo_to_dict

from tests.benchmarks import volume
from tests.benchmarks.ingest.pages import PAGE_SIZE, token
from tests.benchmarks.measuring import Work


def dossiers(dsn: str, source_uri: str) -> Work:
    """Load the dossiers' window into an empty database, lists as JSON columns."""
    folder = tempfile.mkdtemp()
    os.environ |= {"DLT_DATA_DIR": folder, "RUNTIME__DLTHUB_TELEMETRY": "false"}
    import dlt
    from dlt.sources.helpers.rest_client import RESTClient
    from dlt.sources.helpers.rest_client.auth import BearerTokenAuth
    from dlt.sources.helpers.rest_client.paginators import JSONResponseCursorPaginator

    parts = urlsplit(source_uri)
    address = f"http://{parts.hostname}:{parts.port}{parts.path}"
    bearer = token(address, parts.username or "", parts.password or "")
    client = RESTClient(
        base_url=f"{address}/v1",
        auth=BearerTokenAuth(token=bearer),
        paginator=JSONResponseCursorPaginator(cursor_path="next_cursor", cursor_param="cursor"),
        data_selector="data",
    )

    @dlt.resource(
        name="dossiers",
        primary_key="MaHoSo",
        write_disposition="append",
        max_table_nesting=0,
    )
    def resource() -> Iterator[Any]:
        yield from client.paginate(
            "dossiers",
            params={
                "limit": PAGE_SIZE,
                "updated_from": f"{volume.FIRST}T00:00:00+07:00",
                "updated_to": f"{volume.AFTER_LAST}T00:00:00+07:00",
            },
        )

    pipeline = dlt.pipeline(
        pipeline_name="bench",
        destination=dlt.destinations.postgres(_credentials(dsn)),
        dataset_name="dlt_raw",
    )

    def work() -> None:
        pipeline.run(resource()).raise_on_failed_jobs()

    return work


def _credentials(dsn: str) -> dict[str, Any]:
    parts = conninfo_to_dict(dsn)
    # dlt insists on a password, which a socket's server does not ask for.
    return {
        "host": "localhost",
        "query": {"host": parts["host"]},
        "database": parts["dbname"],
        "username": parts["user"],
        "password": parts.get("password") or "-",
    }
