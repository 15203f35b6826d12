"""The marts as they were known at an instant, in schemas beside the live ones.

Raw keeps every version that was delivered, so what was known then is what had been landed.
Nothing live is touched; the schemas stay for reading until they are made again.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory

import psycopg
from psycopg import sql

from service_index.loading import loaded_until
from service_index.orchestration import dbt_build, dbt_project
from service_index.orchestration.dbt_build import ModelResult
from service_index.orchestration.windows import parse_month
from service_index.publishing import content, origin
from service_index.publishing.content import Difference
from service_index.publishing.subject import of_form, of_month
from service_index.settings import Settings
from service_index.warehouse.locks import as_of_marts_alone

PREFIX = "as_of_"
MARTS = f"{PREFIX}marts"
_SCHEMAS = ("ops", "catalogue", "staging", "intermediate", "marts")

OnModel = Callable[[ModelResult], None]


class AsOfError(Exception):
    """The marts of an instant cannot be made; the message is one line with the way out."""


@dataclass(frozen=True)
class Rebuild:
    """A release made again from raw, beside what was published.

    is_equal          its content hash is the published one
    differences       every number that is another
    by_own_project    made by the project that made the release, not by the present one
    other_batches     feeds of which other landings are there than the release stands on
    """

    release_id: str
    known_at: datetime
    is_equal: bool
    differences: list[Difference]
    by_own_project: bool
    other_batches: list[str]


def build(
    connection: psycopg.Connection,
    dsn: str,
    settings: Settings,
    known_at: datetime,
    *,
    month: date | None = None,
    since: date | None = None,
    project: Path | None = None,
    on_model: OnModel = lambda result: None,
) -> None:
    """Make the marts as known at `known_at`, of the months that data cover and of `month`.

    They begin with the month `since`, and leave out what was closed before it; with the oldest
    month unless given. `project` is the dbt project, the present one unless given; an old one may
    not know of `since`. Raises AsOfError when nothing had been landed by then, TransformError when
    dbt fails.
    """
    session = {} if since is None else {"service_index.first_month": since.isoformat()}
    connection.commit()
    with as_of_marts_alone(connection):
        _rebuild_ledger(connection, known_at, month)
        state = settings.home / "dbt-as-of"
        results = dbt_build.build(
            dsn,
            project or settings.dbt_project,
            state,
            "--full-refresh",
            # Some of the tests name live tables, and all of them judge what may be published.
            *("--exclude", "resource_type:test"),
            *("--vars", json.dumps({"schema_prefix": PREFIX})),
            on_model=on_model,
            session=session,
        )
    dbt_build.raise_failures(results, state)


def first_month_of(month: date) -> date:
    """Where the marts of a month have to begin: with the year to date of the month before it,
    whose rank it shows."""
    return (month - timedelta(days=1)).replace(month=1, day=1)


def drop(connection: psycopg.Connection) -> None:
    """Remove the schemas of an earlier build."""
    for schema in _SCHEMAS:
        connection.execute(
            sql.SQL("drop schema if exists {} cascade").format(sql.Identifier(PREFIX + schema))
        )
    connection.commit()


def _rebuild_ledger(connection: psycopg.Connection, known_at: datetime, month: date | None) -> None:
    """What dbt reads of `ops`, as if nothing had come after `known_at`."""
    drop(connection)
    connection.execute("create schema as_of_ops")
    for table in ("batch", "watermark", "requested_month", "transform_scope"):
        connection.execute(
            sql.SQL("create table as_of_ops.{0} (like ops.{0} including indexes)").format(
                sql.Identifier(table)
            )
        )
    known = connection.execute(
        "insert into as_of_ops.batch select * from ops.batch "
        "where status = 'passed' and landed_at <= %s",
        [known_at],
    )
    if known.rowcount == 0:
        connection.rollback()
        raise AsOfError(f"nothing that passed its gate had been landed by {known_at.isoformat()}")
    connection.execute("update as_of_ops.batch set transformed_at = landed_at")
    for (feed,) in connection.execute("select feed from ops.watermark").fetchall():
        complete_until = loaded_until(connection, feed, known_at)
        if complete_until is not None:
            connection.execute(
                "insert into as_of_ops.watermark values (%s, %s)", [feed, complete_until]
            )
    connection.execute(
        "insert into as_of_ops.requested_month "
        "select * from ops.requested_month where requested_at <= %s",
        [known_at],
    )
    if month is not None:
        connection.execute(
            "insert into as_of_ops.requested_month values (%s, now()) on conflict do nothing",
            [month],
        )
    connection.commit()


def rebuild(
    connection: psycopg.Connection,
    dsn: str,
    settings: Settings,
    release_id: str,
    *,
    on_model: OnModel = lambda result: None,
) -> Rebuild:
    """Make a release's marts again from raw, as known when it was made, and compare.

    By the dbt project and the figures entered by hand that it was made with, which the warehouse
    keeps; by the present ones where it was made before that was so. Raises LookupError when
    there is no such release, and what `build` raises.
    """
    row = connection.execute(
        "select kind, period, coalesce(known_at, created_at), code_revision, by_hand_sha256, "
        "content_sha256, source_batches from published.release_record where release_id = %s",
        [release_id],
    ).fetchone()
    if row is None:
        raise LookupError(
            f"there is no release {release_id}: `service-index status` lists the current ones"
        )
    kind, period, known_at, code_revision, by_hand, content_sha256, batches = row
    subject = of_month(parse_month(period)) if kind == "monthly" else of_form(period)
    if isinstance(subject.value, date):
        month, since = subject.value, first_month_of(subject.value)
    else:
        month, since = None, date(int(period[:4]), 1, 1)
    with _project_of(connection, settings, code_revision, by_hand) as (project, is_own):
        build(
            connection,
            dsn,
            settings,
            known_at,
            month=month,
            since=since,
            project=project,
            on_model=on_model,
        )
    differences = content.differences(connection, release_id, subject, MARTS)
    is_equal = content.marts_sha256(connection, subject, MARTS) == content_sha256
    there = {of["feed"]: of["sha256"] for of in origin.source_batches(connection, f"{PREFIX}ops")}
    stood_on = {of["feed"]: of["sha256"] for of in batches}
    connection.commit()
    if is_equal:
        drop(connection)
    return Rebuild(
        release_id=release_id,
        known_at=known_at,
        is_equal=is_equal,
        differences=differences,
        by_own_project=is_own,
        other_batches=sorted(
            feed for feed in there.keys() | stood_on.keys() if there.get(feed) != stood_on.get(feed)
        ),
    )


@contextmanager
def _project_of(
    connection: psycopg.Connection,
    settings: Settings,
    code_revision: str,
    by_hand_sha256: str | None,
) -> Iterator[tuple[Path, bool]]:
    """The project that a release was made by, laid out; else the present one, and false."""
    with TemporaryDirectory(prefix="service-index-project-") as folder:
        if dbt_project.unpack(connection, (code_revision, by_hand_sha256), Path(folder)):
            yield Path(folder), True
        else:
            yield settings.dbt_project, False
