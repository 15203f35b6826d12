"""Takes a whole release back from the public for a while, and gives it back.

Its rows and files stay as they are; its status says that it is suspended, and pages that can
change show its numbers no more. (A single criterion is suspended by the seed
`publication_suspensions`, before a release is made.)
"""

from __future__ import annotations

import psycopg

from service_index.publishing import locks


class SuspensionError(Exception):
    """Nothing was changed; the message is one line with the reason."""


def suspend(connection: psycopg.Connection, release_id: str, because: str) -> None:
    """Log the status `suspended` with its reason.

    Raises SuspensionError when there is no such release, or it is suspended already.
    """
    if not because.strip():
        raise SuspensionError("say why the release is suspended")
    with locks.publishing(connection, _period(connection, release_id)):
        if _statuses(connection, release_id)[-1] == "suspended":
            raise SuspensionError(f"{release_id} is suspended already")
        connection.execute(
            """
            insert into published.release_status
                (release_id, status, data_cutoff, recorded_at, because)
            select release_id, 'suspended', data_cutoff, clock_timestamp(), %s
            from published.release where release_id = %s
            """,
            [because, release_id],
        )


def resume(connection: psycopg.Connection, release_id: str) -> str:
    """Log the status again that the release had before it was suspended; return it.

    Raises SuspensionError when there is no such release, or it is not suspended.
    """
    with locks.publishing(connection, _period(connection, release_id)):
        statuses = _statuses(connection, release_id)
        if statuses[-1] != "suspended":
            raise SuspensionError(f"{release_id} is not suspended")
        before = next(status for status in reversed(statuses) if status != "suspended")
        connection.execute(
            """
            insert into published.release_status (release_id, status, data_cutoff, recorded_at)
            select release_id, %s, data_cutoff, clock_timestamp()
            from published.release where release_id = %s
            """,
            [before, release_id],
        )
    return before


def _period(connection: psycopg.Connection, release_id: str) -> str:
    found = connection.execute(
        "select period from published.release_record where release_id = %s", [release_id]
    ).fetchone()
    connection.commit()
    if found is None:
        raise SuspensionError(
            f"there is no release {release_id}: `service-index status` lists what is published"
        )
    return str(found[0])


def _statuses(connection: psycopg.Connection, release_id: str) -> list[str]:
    found = connection.execute(
        "select status from published.release_status where release_id = %s order by status_id",
        [release_id],
    ).fetchall()
    return [str(row[0]) for row in found]
