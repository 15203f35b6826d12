"""What is wrong and not mended yet: one trouble, one message, and one when it is over.

Kept in `ops.incident`. Where the warehouse itself does not answer, a file in the installation's
folder stands in, so that its silence is told, and told once.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime

import psycopg

from service_index.settings import Settings

Send = Callable[[str, str], bool]


@dataclass(frozen=True)
class Trouble:
    """`key` is the same as long as it is the same trouble. `blocks` and `cure` are sentences for
    whoever gets the message; `runbook_section` is a heading's anchor in docs/runbook.md."""

    key: str
    what: str
    blocks: str
    cure: str
    runbook_section: str

    @property
    def subject(self) -> str:
        return f"Service index: {self.key} has failed"

    @property
    def message(self) -> str:
        return (
            f"What: {self.what}\n"
            f"It blocks: {self.blocks}\n"
            f"To mend it: {self.cure}\n"
            f"More: docs/runbook.md#{self.runbook_section}"
        )


def met(connection: psycopg.Connection, trouble: Trouble, send: Send) -> None:
    """Open an incident, or count the open one once more; tell of it until a message has gone out.

    The row is locked while the message is on its way: whoever meets the same trouble meanwhile
    waits, and finds it told.
    """
    row = connection.execute(
        """
        insert into ops.incident as open (key, what, blocks, cure, runbook_section)
        values (%s, %s, %s, %s, %s)
        on conflict (key) where closed_at is null do update set
            what = excluded.what,
            occurrences = open.occurrences + 1,
            last_seen_at = now()
        returning incident_id, told_at is not null
        """,
        [trouble.key, trouble.what, trouble.blocks, trouble.cure, trouble.runbook_section],
    ).fetchone()
    assert row is not None  # noqa: S101 - an insert returns its row
    incident_id, is_told = row
    if not is_told and send(trouble.subject, trouble.message):
        connection.execute(
            "update ops.incident set told_at = now() where incident_id = %s", [incident_id]
        )
    connection.commit()


def over(connection: psycopg.Connection, key: str, send: Send) -> None:
    """Close the open incident of that key, if there is one, and tell those who were told of it."""
    row = connection.execute(
        "update ops.incident set closed_at = now() where key = %s and closed_at is null "
        "returning incident_id, opened_at, occurrences, told_at is not null",
        [key],
    ).fetchone()
    if row is not None:
        incident_id, opened_at, occurrences, was_told = row
        hours = (datetime.now(UTC) - opened_at).total_seconds() / 3600
        text = f"It had failed {occurrences} times, since {hours:.1f} hours."
        if was_told and send(f"Service index: {key} works again", text):
            connection.execute(
                "update ops.incident set end_told_at = now() where incident_id = %s", [incident_id]
            )
    connection.commit()


def met_without_warehouse(settings: Settings, trouble: Trouble, send: Send) -> None:
    """The same where nothing can be kept in the warehouse: told once, until it answers again."""
    told = settings.home / "incidents" / f"{trouble.key}.told"
    if not told.exists() and send(trouble.subject, trouble.message):
        told.parent.mkdir(parents=True, exist_ok=True)
        told.write_text(datetime.now(UTC).isoformat(), encoding="utf-8")
