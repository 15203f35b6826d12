"""What the warehouse knows of a period at the moment it is to be published."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

import psycopg

# The data cut-off is where the last of these has loaded everything.
INCREMENTAL_FEEDS = ("dossiers", "payments", "petitions", "ratings")


class PublishingRefusedError(Exception):
    """Nothing was published; the message is one line with the reason and the way out."""


@dataclass(frozen=True)
class PeriodState:
    """`data_cutoff` is the instant up to which the marts rest on complete data.

    `catalogue_version` is that of the criteria; None where none are scored. `closes_at` is the
    instant that closes the period; people may move a form's, its reporting cut-off.
    """

    province_code: str
    province_name: str | None
    catalogue_version: str | None
    data_cutoff: datetime
    closes_at: datetime

    @property
    def is_open(self) -> bool:
        return self.data_cutoff < self.closes_at


def data_cutoff(connection: psycopg.Connection, period: str, start: datetime) -> datetime:
    """The cut-off that the marts were built with, or today's where a gap has opened since.

    Raises PublishingRefusedError when the last transform did not finish, or the data of `period`
    end before its `start`.
    """
    cutoff = _data_cutoff(connection)
    if cutoff is None or cutoff <= start:
        raise PublishingRefusedError(
            f"no data of {period}: the data cut-off is {cutoff or 'not reached'}, "
            "`service-index ingest` brings it forward"
        )
    return cutoff


def _data_cutoff(connection: psycopg.Connection) -> datetime | None:
    run = connection.execute(
        "select status, data_cutoff from ops.transform_run order by transform_run_id desc limit 1"
    ).fetchone()
    if run is None or run[0] != "succeeded":
        raise PublishingRefusedError(
            "the last transform of the marts did not finish: run `service-index score` again"
        )
    watermark = connection.execute(
        "select count(*), min(loaded_until) from ops.watermark where feed = any(%s)",
        [list(INCREMENTAL_FEEDS)],
    ).fetchone()
    if watermark is None or watermark[0] < len(INCREMENTAL_FEEDS) or run[1] is None:
        return None
    cutoff: datetime = min(run[1], watermark[1])
    return cutoff
