"""The release that stands for a period now, under the status that it has now."""

from __future__ import annotations

from dataclasses import replace

import psycopg

from service_index.publishing.edition import Edition, editions
from service_index.publishing.month import MonthRelease
from service_index.publishing.month_reading import read_month


def current_edition(connection: psycopg.Connection, kind: str, period: str) -> Edition | None:
    """The newest edition of the current release of `period`; None when nothing is published.

    Its status and cut-off are the present ones: a suspended release has no edition of its own.
    """
    found = connection.execute(
        "select release_id, status, data_cutoff from published.current_release "
        "where kind = %s and period = %s",
        [kind, period],
    ).fetchone()
    if found is None:
        return None
    release_id, status, data_cutoff = found
    return replace(editions(connection, release_id)[-1], status=status, data_cutoff=data_cutoff)


def read_current_month(connection: psycopg.Connection, period: str) -> MonthRelease:
    """Read the current release of a month (`2025-03`), all from one snapshot.

    `connection` must not be in a transaction. Raises LookupError when nothing is published.
    """
    with connection.transaction():
        # Several queries, one release: a publication in between is not seen.
        connection.execute("set transaction isolation level repeatable read, read only")
        edition = current_edition(connection, "monthly", period)
        if edition is None:
            raise LookupError(f"{period} is not published yet: run `service-index publish` for it")
        return read_month(connection, edition)
