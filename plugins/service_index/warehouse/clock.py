"""Whether this machine and the database have the same time, by which landings are put in order."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import psycopg

# Synchronised clocks differ by milliseconds; this is what Kerberos tolerates.
TOLERANCE = timedelta(minutes=5)


class ClockError(Exception):
    """The two clocks differ; the message is one line with the way out."""


def assert_clocks_agree(connection: psycopg.Connection) -> None:
    """Raise ClockError before anything is stamped with a time that would outlive the mistake.

    What is landed by a clock that is ahead would win over every true version to come.
    """
    [(database_time,)] = connection.execute("select clock_timestamp()").fetchall()
    ahead = timedelta(seconds=round((datetime.now(UTC) - database_time).total_seconds()))
    if abs(ahead) > TOLERANCE:
        side = "ahead of" if ahead > timedelta() else "behind"
        raise ClockError(
            f"this machine's clock is {abs(ahead)} {side} the database's: "
            "set the wrong one (by NTP) and run again"
        )
