"""Publishes a subject: numbers, revision, status and pointer in one transaction."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime

import psycopg
from psycopg.rows import class_row
from psycopg.types.json import Jsonb

from service_index.publishing import content, earlier_months, locks, origin, quarantined
from service_index.publishing.state import PeriodState, PublishingRefusedError
from service_index.publishing.subject import Subject

REASONS = ("late_data", "source_correction", "method", "our_error")


@dataclass(frozen=True)
class PublishResult:
    """The period's current release after publishing.

    `previous_release_id` is the release it restates, None for the first; `changes` counts the
    values by which it differs from that one, 0 when this call made no new release.
    """

    release_id: str
    is_new: bool
    status: str
    previous_release_id: str | None
    changes: int


@dataclass(frozen=True)
class _Head:
    """The period's current release before publishing, and what is known of those before it.

    `closed_with` is the latest data cut-off with which the period was closed, if it ever was.
    """

    release_id: str
    status: str
    previous_release_id: str | None
    content_sha256: str
    is_sample: bool
    last_revision: int
    closed_with: datetime | None

    @property
    def was_closed(self) -> bool:
        return self.closed_with is not None


@dataclass(frozen=True)
class _Draft:
    """What a new release will say of itself; `reason` is for a revision only."""

    subject: Subject
    state: PeriodState
    created_at: datetime
    content_sha256: str
    is_sample: bool
    reason: str
    code_revision: str


def publish(
    connection: psycopg.Connection,
    subject: Subject,
    read_state: Callable[[], PeriodState],
    *,
    code_revision: str,
    is_sample: bool,
    reason: str | None = None,
    created_at: datetime | None = None,
) -> PublishResult:
    """Freeze the marts' rows of `subject` as the period's current release.

    Numbers as published before make no new release; at most the status moves from provisional
    to final. Other numbers make the next revision with `reason` (one of REASONS, `late_data`
    unless given) and a row of published.change for each value that differs. `created_at` is an
    aware instant, now unless given; `read_state` reads the state of the period when the marts
    hold still. `connection` must not be in a transaction; the call commits its own.

    Raises PublishingRefusedError when the marts are not fit to be published.
    """
    if reason is not None and reason not in REASONS:
        raise ValueError(f"'{reason}' is no reason for a revision: {', '.join(REASONS)}")
    if created_at is not None and created_at.tzinfo is None:
        raise ValueError("created_at needs a time zone")
    with locks.publishing(connection, subject.period):
        locks.keep_transforms_out(connection)
        state = read_state()
        head = _head(connection, subject)
        _refuse_reopening(head, state, subject.period)
        at = created_at or datetime.now(UTC)
        sha256 = content.marts_sha256(connection, subject)
        if head and (head.content_sha256, head.is_sample) == (sha256, is_sample):
            return _confirm(connection, head, state, at)
        _refuse_to_end_a_suspension(head, subject.period, reason)
        # Numbers that stand under another mark: the source was named wrongly before.
        default = "source_correction" if head and head.content_sha256 == sha256 else "late_data"
        draft = _Draft(subject, state, at, sha256, is_sample, reason or default, code_revision)
        return _release(connection, head, draft)


def _head(connection: psycopg.Connection, subject: Subject) -> _Head | None:
    with connection.cursor(row_factory=class_row(_Head)) as cursor:
        return cursor.execute(
            """
            select
                r.release_id, r.status, r.previous_release_id, r.content_sha256, r.is_sample,
                (
                    select max(revision) from published.release_record
                    where period = r.period
                ) as last_revision,
                (
                    select max(s.data_cutoff) from published.release_status as s
                    join published.release_record as earlier using (release_id)
                    where earlier.period = r.period and s.status in ('final', 'revised')
                ) as closed_with
            from published.current_release as r
            where r.kind = %s and r.period = %s
            """,
            [subject.kind, subject.period],
        ).fetchone()


def _refuse_reopening(head: _Head | None, state: PeriodState, period: str) -> None:
    """A closed period is open again when its data or its closing has moved.

    The data cut-off moves back when a gap shows in older data; where it has not, the reporting
    cut-off was moved later.
    """
    if head is None or head.closed_with is None or not state.is_open:
        return
    data_end = f"{state.data_cutoff:%Y-%m-%d %H:%M %Z}"
    if head.closed_with <= state.data_cutoff:
        raise PublishingRefusedError(
            f"{period} was final at its reporting cut-off, which has been moved to "
            f"{state.closes_at:%Y-%m-%d %H:%M %Z}, and the data end at {data_end}: publish again "
            "once they reach it, or enter the former cut-off in reporting_cutoffs.csv again"
        )
    raise PublishingRefusedError(
        f"{period} was published as closed, but the data now end at {data_end}: "
        "ingest the missing windows first"
    )


def _refuse_to_end_a_suspension(head: _Head | None, period: str, reason: str | None) -> None:
    """What a person suspended, no schedule puts before the public again."""
    if head is not None and head.status == "suspended" and reason is None:
        raise PublishingRefusedError(
            f"{head.release_id} is suspended, and other numbers would put {period} before the "
            "public again: name a --reason to replace it, or `service-index resume` it first"
        )


def _confirm(
    connection: psycopg.Connection, head: _Head, state: PeriodState, at: datetime
) -> PublishResult:
    """Numbers stand; a period that has closed since turns from provisional to final."""
    status = head.status
    if status == "provisional" and not state.is_open:
        status = "final"
        _log_status(connection, head.release_id, status, state, at)
    return PublishResult(head.release_id, False, status, head.previous_release_id, 0)


def _release(connection: psycopg.Connection, head: _Head | None, draft: _Draft) -> PublishResult:
    revision = head.last_revision + 1 if head else 1
    subject = draft.subject
    release_id = f"{subject.period}.r{revision}"
    if draft.state.is_open:
        status = "provisional"
    else:
        status = "revised" if head and head.was_closed else "final"
    _insert_record(connection, release_id, revision, head, draft)
    _log_status(connection, release_id, status, draft.state, draft.created_at)
    content.insert_rows(connection, release_id, subject)
    if content.release_sha256(connection, release_id) != draft.content_sha256:
        raise PublishingRefusedError(
            f"the rows written for {subject.period} are not those of the marts: a published "
            "column would round a number, or something changed the marts meanwhile"
        )
    quarantined.keep(connection, release_id)
    earlier_months.keep(connection, release_id)
    changes = (
        content.insert_changes(connection, release_id, head.release_id, draft.reason) if head else 0
    )
    connection.execute(
        "insert into published.release_pointer (kind, period, release_id, pointed_at) "
        "values (%s, %s, %s, %s)",
        [subject.kind, subject.period, release_id, draft.created_at],
    )
    return PublishResult(release_id, True, status, head.release_id if head else None, changes)


def _insert_record(
    connection: psycopg.Connection,
    release_id: str,
    revision: int,
    head: _Head | None,
    draft: _Draft,
) -> None:
    made_of = origin.read(connection)
    connection.execute(
        """
        insert into published.release_record (
            release_id, kind, period, province_code, revision, previous_release_id, reason,
            created_at, catalogue_version, content_sha256, code_revision, is_sample,
            province_name, source_batches, known_at, by_hand_sha256
        )
        values (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s)
        """,
        [
            release_id,
            draft.subject.kind,
            draft.subject.period,
            draft.state.province_code,
            revision,
            head.release_id if head else None,
            draft.reason if head else None,
            draft.created_at,
            draft.state.catalogue_version,
            draft.content_sha256,
            draft.code_revision,
            draft.is_sample,
            draft.state.province_name,
            Jsonb(made_of.source_batches),
            made_of.known_at,
            made_of.by_hand_sha256,
        ],
    )


def _log_status(
    connection: psycopg.Connection, release_id: str, status: str, state: PeriodState, at: datetime
) -> None:
    connection.execute(
        "insert into published.release_status (release_id, status, data_cutoff, recorded_at) "
        "values (%s, %s, %s, %s)",
        [release_id, status, state.data_cutoff, at],
    )
