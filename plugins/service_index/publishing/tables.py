"""CSV files of a release, written from published.* so that they can be made again at any time.

A release's folder is `<releases>/<period>/r<n>/`; it appears whole, by a rename, and never
changes. The period's own `releases.csv` beside it tells each release's present status and is
replaced whenever that may have changed.
"""

from __future__ import annotations

import hashlib
import os
import shutil
from collections.abc import Iterable
from pathlib import Path

import psycopg
from psycopg import sql
from psycopg.abc import Buffer

from service_index.publishing import content, locks
from service_index.publishing.relations import Kind, Relation

SAMPLE_NOTICE = "DỮ LIỆU MẪU"
BYTE_ORDER_MARK = b"\xef\xbb\xbf"  # without it, spreadsheets misread Vietnamese letters
CHECKSUMS = "SHA256SUMS"

# A spreadsheet takes a text that begins like this for a formula, in full width letters too;
# a negative number is none.
_FORMULA = r"^(?!-[0-9.]+$)\s*[-=+@＝＋－＠|%]"
# Control characters, line and paragraph separators, and marks that turn the writing direction.
_INVISIBLE = r"[\u0001-\u001f\u007f-\u009f\u200e\u200f\u2028-\u202e\u2066-\u2069]"

_RECORD_FACTS = """
    r.release_id, r.kind, r.period, {province_code} as province_code, r.revision, {status},
    r.reason, {created_at} as created_at, r.catalogue_version, {data_cutoff} as data_cutoff,
    r.content_sha256, r.previous_release_id, r.code_revision
"""


def release_folder(releases: Path, release_id: str) -> Path:
    """Where the files of a release lie: `2025-03.r1` in `<releases>/2025-03/r1`."""
    period, revision = release_id.rsplit(".", 1)
    return releases / period / revision


def ensure_files(connection: psycopg.Connection, release_id: str, releases: Path) -> Path:
    """Write the release's folder under `releases` unless it is there; return the folder.

    The same release gives the same bytes, whenever and wherever they are written. Also brings
    the period's `releases.csv` up to date. `connection` must not be in a transaction.
    Raises LookupError for a release that was never published.
    """
    folder = release_folder(releases, release_id)
    period = folder.parent.name
    with locks.publishing(connection, period):
        relations = content.relations_of(connection, release_id)
        folder.parent.mkdir(parents=True, exist_ok=True)
        if not folder.exists():
            _write_folder(connection, release_id, relations, folder)
        _replace_index(connection, period, folder.parent / "releases.csv")
    return folder


def _write_folder(
    connection: psycopg.Connection, release_id: str, relations: Iterable[Relation], folder: Path
) -> None:
    partial = folder.with_name(f".{folder.name}.partial")
    # A crash has left it: the lock says that nobody is writing it now.
    shutil.rmtree(partial, ignore_errors=True)
    partial.mkdir()
    queries = {
        "release.csv": _release_query(release_id),
        "CHANGES.csv": _changes_query(release_id),
    } | {f"{r.name}.csv": _relation_query(r, release_id) for r in relations}
    checksums = []
    for name, query in sorted(queries.items()):
        path = partial / name
        if _write_csv(connection, query, path):
            checksums.append(f"{hashlib.sha256(path.read_bytes()).hexdigest()}  {name}\n")
        else:
            # Without a row a sample table could not say that it is one.
            path.unlink()
    _write_durably(partial / CHECKSUMS, ["".join(checksums).encode()])
    _flush_folder(partial)
    partial.rename(folder)
    _flush_folder(folder.parent)


def _write_csv(connection: psycopg.Connection, query: sql.Composed, path: Path) -> bool:
    """Stream the query's rows into a CSV file; false when there was none."""
    statement = sql.SQL("copy ({}) to stdout (format csv, header, encoding 'UTF8')").format(query)
    with connection.cursor() as cursor:
        with cursor.copy(statement) as rows:
            _write_durably(path, rows, BYTE_ORDER_MARK)
        return cursor.rowcount > 0


def _write_durably(path: Path, parts: Iterable[Buffer], head: bytes = b"") -> None:
    with path.open("wb") as file:
        file.write(head)
        file.writelines(parts)
        file.flush()
        os.fsync(file.fileno())


def _flush_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _replace_index(connection: psycopg.Connection, period: str, path: Path) -> None:
    facts = sql.SQL(_RECORD_FACTS + ", r.is_current::text").format(
        province_code=_inert(sql.Identifier("r", "province_code")),
        status=sql.SQL("r.status"),
        created_at=_instant("r.created_at"),
        data_cutoff=_instant("r.data_cutoff"),
    )
    query = sql.SQL(
        "select {notice}, {facts} from published.release as r where r.period = {period} "
        "order by r.revision"
    ).format(notice=_notice(), facts=facts, period=period)
    partial = path.with_name(f".{path.name}.partial")
    _write_csv(connection, query, partial)
    partial.replace(path)


def _notice() -> sql.Composed:
    return sql.SQL("case when r.is_sample then {} end as data_notice").format(SAMPLE_NOTICE)


def _instant(expression: str) -> sql.Composed:
    """UTC to the microsecond, whatever the session's settings."""
    return sql.SQL("to_char({} at time zone 'UTC', {})").format(
        sql.Identifier(*expression.split(".")), 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"'
    )


def _inert(text: sql.Composable) -> sql.Composed:
    """Text that a spreadsheet shows and does not run; null stays null."""
    visible = sql.SQL("regexp_replace({}, {}, ' ', 'g')").format(text, _INVISIBLE)
    return sql.SQL("case when {0} ~ {1} then '''' || {0} else {0} end").format(visible, _FORMULA)


def _release_query(release_id: str) -> sql.Composed:
    """One row: the release as it was when it was published."""
    facts = sql.SQL(_RECORD_FACTS).format(
        province_code=_inert(sql.Identifier("r", "province_code")),
        status=sql.SQL("s.status as status_at_publication"),
        created_at=_instant("r.created_at"),
        data_cutoff=_instant("s.data_cutoff"),
    )
    return sql.SQL(
        "select {notice}, {facts} from published.release_record as r "
        "join published.release_status as s using (release_id) "
        "where r.release_id = {release_id} order by s.status_id limit 1"
    ).format(notice=_notice(), facts=facts, release_id=release_id)


def _relation_query(relation: Relation, release_id: str) -> sql.Composed:
    values = []
    for column in relation.columns:
        value = content.as_text(column, "t")
        if column.kind is Kind.TEXT:
            value = _inert(value)
        values.append(sql.SQL("{} as {}").format(value, sql.Identifier(column.name)))
    return sql.SQL(
        "select {notice}, t.release_id, {values} from published.{relation} as t "
        "join published.release_record as r using (release_id) "
        "where t.release_id = {release_id} order by {key}"
    ).format(
        notice=_notice(),
        values=sql.SQL(", ").join(values),
        relation=sql.Identifier(relation.name),
        release_id=release_id,
        key=sql.SQL(", ").join(
            sql.SQL('{} collate "C"').format(sql.Identifier("t", column.name))
            for column in relation.key
        ),
    )


def _changes_query(release_id: str) -> sql.Composed:
    return sql.SQL(
        "select {notice}, t.release_id, t.relation, {key} as key, t.column_name, "
        "{old} as old_value, {new} as new_value, t.cause from published.change as t "
        "join published.release_record as r using (release_id) where t.release_id = {release_id} "
        'order by t.relation collate "C", t.key collate "C", t.column_name collate "C"'
    ).format(
        notice=_notice(),
        key=_inert(sql.Identifier("t", "key")),
        old=_inert(sql.Identifier("t", "old_value")),
        new=_inert(sql.Identifier("t", "new_value")),
        release_id=release_id,
    )
