"""Which releases of earlier months a release was made beside: for comparisons and small cells."""

from __future__ import annotations

import psycopg


def keep(connection: psycopg.Connection, release_id: str) -> None:
    """Fix them for good, in the transaction that makes the release: no clock decides it later.

    Each earlier month of the province by its current release. The lock makes months be published
    one after another to the end, so that none is under way that would have come before.
    """
    connection.execute(
        """
        insert into published.release_earlier_month (release_id, earlier_release_id)
        select r.release_id, earlier.release_id
        from published.release_record as r
        join published.current_release as earlier
            on earlier.kind = 'monthly'
            and earlier.period < r.period
            and earlier.province_code = r.province_code
        where r.release_id = %s and r.kind = 'monthly'
        """,
        [release_id],
    )
