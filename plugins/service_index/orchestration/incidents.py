"""What is wrong and not mended yet: one trouble, one message, and one when it is over.

Kept in `ops.incident`. Where the warehouse itself does not answer, a file in the installation's
folder stands in, so that its silence is told, and told once.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Collection
from contextlib import suppress
from dataclasses import astuple, dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import uuid4

import msgspec
import psycopg
from psycopg.rows import dict_row

from service_index.settings import ICT, Settings

logger = logging.getLogger(__name__)

# Takes a subject and a text; tells whether at least one address took them.
Send = Callable[[str, str], bool]


@dataclass(frozen=True)
class Trouble:
    """`key` is the same as long as it is the same trouble. `headline` follows the colon of a
    subject; `what` is what was seen; `blocks` and `cure` are for whoever gets the message;
    `runbook_section` is a heading's anchor in docs/runbook.md."""

    key: str
    headline: str
    what: str
    blocks: str
    cure: str
    runbook_section: str

    @property
    def subject(self) -> str:
        return f"Service index: {self.headline} ({self.key})"

    def message(self, since: datetime) -> str:
        """The text of the message that tells of it."""
        return (
            f"What: {self.what}\n"
            f"Since: {_in_words(since)}\n"
            f"It blocks: {self.blocks}\n"
            f"To mend it: {self.cure}\n"
            f"More: docs/runbook.md#{self.runbook_section}\n"
            "No further message comes until it is over; `service-index status` shows what is open."
        )


def met(
    connection: psycopg.Connection, trouble: Trouble, send: Send, run: str | None = None
) -> None:
    """Open an incident, or count the open one once more; tell of it until a message has gone out.

    `run` names the DAG run that met it.
    """
    row = connection.execute(
        """
        insert into ops.incident as open (
            key, headline, what, blocks, cure, runbook_section, runs
        )
        values (%s, %s, %s, %s, %s, %s, %s)
        on conflict (key) where closed_at is null do update set
            what = excluded.what,
            occurrences = open.occurrences + 1,
            runs = (excluded.runs || open.runs)[:20],
            last_seen_at = now()
        returning incident_id
        """,
        [*astuple(trouble), [run] if run else []],
    ).fetchone()
    assert row is not None  # noqa: S101 - an insert returns its row
    # Seen by others before a slow mail server has answered.
    connection.commit()
    _tell(connection, row[0], send)


def tell_untold(connection: psycopg.Connection, send: Send) -> None:
    """Tell of open incidents that no address took so far, or that were met in a part of
    the installation which has no way out."""
    rows = connection.execute(
        "select incident_id from ops.incident where told_at is null and closed_at is null "
        "order by incident_id"
    ).fetchall()
    connection.commit()
    for (incident_id,) in rows:
        _tell(connection, incident_id, send)


def _tell(connection: psycopg.Connection, incident_id: int, send: Send) -> None:
    """The row is locked while the message is on its way: whoever meets the same trouble meanwhile
    waits, and finds it told."""
    with connection.cursor(row_factory=dict_row) as cursor:
        untold = cursor.execute(
            "select key, headline, what, blocks, cure, runbook_section, opened_at "
            "from ops.incident "
            "where incident_id = %s and told_at is null and closed_at is null for update",
            [incident_id],
        ).fetchone()
    if untold is not None:
        opened_at = untold.pop("opened_at")
        trouble = Trouble(**untold)
        if send(trouble.subject, trouble.message(opened_at)):
            connection.execute(
                "update ops.incident set told_at = now() where incident_id = %s", [incident_id]
            )
    connection.commit()


def over(connection: psycopg.Connection, key: str, send: Send) -> None:
    """Close the open incident of that key, if there is one, and tell those who were told of it."""
    row = connection.execute(
        "update ops.incident set closed_at = now() where key = %s and closed_at is null "
        "returning incident_id, headline, opened_at, occurrences, told_at is not null",
        [key],
    ).fetchone()
    if row is not None:
        incident_id, headline, opened_at, occurrences, was_told = row
        if was_told and send(*_end(key, headline, opened_at, occurrences)):
            connection.execute(
                "update ops.incident set end_told_at = now() where incident_id = %s", [incident_id]
            )
    connection.commit()


def narrow(connection: psycopg.Connection, key: str, left: str) -> bool:
    """Let the open incident of that key go on as `left`, the part of it that is not over; false
    where that part is an open incident already."""
    updated = connection.execute(
        "update ops.incident set key = %(left)s where key = %(key)s and closed_at is null "
        "and not exists (select from ops.incident where key = %(left)s and closed_at is null)",
        {"key": key, "left": left},
    )
    connection.commit()
    return updated.rowcount == 1


def was_met_in(connection: psycopg.Connection, run: str) -> bool:
    """Whether a DAG run has met a trouble that is kept. Airflow tells of a run's failure late:
    runs that came after it may have failed or succeeded since."""
    row = connection.execute(
        "select exists (select from ops.incident where %s = any(runs))", [run]
    ).fetchone()
    connection.commit()
    return bool(row and row[0])


def open_keys(connection: psycopg.Connection) -> Collection[str]:
    """The keys of what is not over."""
    rows = connection.execute("select key from ops.incident where closed_at is null order by 1")
    found = [str(key) for (key,) in rows]
    connection.commit()
    return found


class _Kept(msgspec.Struct):
    """What a file keeps of an incident that the warehouse could not. Beside it lies an empty file
    once it is told: a full disk takes no text, but mostly still a name."""

    trouble: Trouble
    opened_at: datetime


def met_without_warehouse(settings: Settings, trouble: Trouble, send: Send) -> None:
    """The same where nothing can be kept in the warehouse: told once, until it answers again."""
    path = _folder(settings) / f"{trouble.key}.json"
    kept = _read(path)
    if kept is None:
        kept = _Kept(trouble, datetime.now(UTC))
        try:
            _write(path, kept)
        except OSError as error:
            logger.warning("an incident could not be kept: %s", type(error).__name__)
    told, sending = _told(path), path.with_suffix(".sending")
    if told.exists():
        return
    try:
        # Before it is sent: what cannot be noted would be sent at every failure.
        sending.touch()
    except OSError as error:
        logger.warning("an incident was not told: %s", type(error).__name__)
        return
    if send(trouble.subject, trouble.message(kept.opened_at)):
        with suppress(FileNotFoundError):  # the warehouse has answered meanwhile
            sending.replace(told)


def warehouse_answers(
    connection: psycopg.Connection, settings: Settings, send: Send, silence: str
) -> None:
    """End the incident of its silence (whose key is given), and take over what was met in it."""
    folder = _folder(settings)
    with suppress(OSError):
        folder.mkdir(parents=True, exist_ok=True)  # while there is room for it
    for path in sorted(folder.glob("*.json")):
        kept = _read(path)
        if kept is None:
            continue
        trouble, is_told = kept.trouble, _told(path).exists()
        if trouble.key != silence:
            _take_over(connection, kept, is_told=is_told)
        elif is_told and not send(*_end(trouble.key, trouble.headline, kept.opened_at, 1)):
            continue
        path.unlink(missing_ok=True)
    for mark in (*folder.glob("*.told"), *folder.glob("*.sending")):
        if not mark.with_suffix(".json").exists():
            mark.unlink(missing_ok=True)


def _read(path: Path) -> _Kept | None:
    """What a file keeps; one that cannot be read is taken away, as if there were none."""
    try:
        return msgspec.json.decode(path.read_bytes(), type=_Kept)
    except OSError:  # among others: another process has taken it over
        return None
    except msgspec.MsgspecError:
        path.unlink(missing_ok=True)
        return None


def _write(path: Path, kept: _Kept) -> None:
    """All of the file or nothing: nobody reads half of it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    unfinished = path.with_suffix(f".{uuid4()}")
    try:
        unfinished.write_bytes(msgspec.json.encode(kept))
        unfinished.replace(path)
    finally:
        unfinished.unlink(missing_ok=True)


def _told(path: Path) -> Path:
    return path.with_suffix(".told")


def _take_over(connection: psycopg.Connection, kept: _Kept, *, is_told: bool) -> None:
    connection.execute(
        "insert into ops.incident "
        "(key, headline, what, blocks, cure, runbook_section, opened_at, told_at) "
        "values (%s, %s, %s, %s, %s, %s, %s, %s) "
        "on conflict (key) where closed_at is null do nothing",
        [*astuple(kept.trouble), kept.opened_at, kept.opened_at if is_told else None],
    )
    connection.commit()


def _folder(settings: Settings) -> Path:
    return settings.home / "incidents"


def _end(key: str, headline: str, opened_at: datetime, occurrences: int) -> tuple[str, str]:
    """The subject and the text of the message that it is over."""
    text = f"It began at {_in_words(opened_at)} and lasted {_span(datetime.now(UTC) - opened_at)}."
    if occurrences > 1:
        text += f" It was met {occurrences} times."
    return f"Service index: over: {headline} ({key})", text


def _in_words(instant: datetime) -> str:
    return f"{instant.astimezone(ICT):%Y-%m-%d %H:%M} (Indochina Time)"


def _span(length: timedelta) -> str:
    minutes = round(length.total_seconds() / 60)
    if minutes < 1:
        return "less than a minute"
    if minutes < 120:
        return f"{minutes} minutes"
    return f"{minutes / 60:.1f} hours" if minutes < 48 * 60 else f"{minutes / 1440:.1f} days"
