"""The folder of a release's files, which appears whole and never changes.

An edition's files lie in `<releases>/<period>/<edition.folder_name>/`. The period's own
`releases.csv` beside them tells each release's present status and is replaced whenever that may
have changed. Everything is made from published rows, so it can be made again at any time.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg
from psycopg.pq import TransactionStatus

from service_index.publishing import form, manifest
from service_index.publishing.edition import Edition, editions
from service_index.publishing.form import FormRelease
from service_index.publishing.month import EarlierMonth, MonthRelease
from service_index.publishing.month_reading import read_earlier_months, read_month
from service_index.publishing.open_data import csv, files
from service_index.warehouse.locks import PUBLISHING_LOCK


def ensure_files(
    connection: psycopg.Connection,
    release_id: str,
    releases: Path,
    templates: Path | None = None,
) -> Path:
    """Write every edition of the release under `releases` that is not there; return the newest.

    The same edition gives the same bytes, whenever and wherever it is written. Also brings the
    period's `releases.csv` up to date. `templates` is an office's own folder for documents.
    `connection` must not be in a transaction. Raises LookupError for a release that was never
    published.
    """
    period = release_id.rpartition(".")[0]
    with _only_writer(connection, period):
        with snapshot(connection):
            found = editions(connection, release_id)
        for edition in found:
            folder = edition.folder(releases)
            if not folder.exists():
                _write_edition(connection, edition, folder, templates)
        newest = found[-1].folder(releases)
        with snapshot(connection):
            _replace_index(connection, period, newest.with_name("releases.csv"))
    return newest


@contextmanager
def snapshot(connection: psycopg.Connection) -> Iterator[None]:
    """Everything that is read inside is read as of one instant."""
    with connection.transaction():
        connection.execute("set transaction isolation level repeatable read, read only")
        # The driver reads instants in no other style.
        connection.execute("set local datestyle = 'ISO'")
        yield


@contextmanager
def _only_writer(connection: psycopg.Connection, period: str) -> Iterator[None]:
    """The lock of `locks.publishing`, kept from transaction to transaction.

    What is read after the wait is then newer than the wait, and no transaction stays open while
    documents are made.
    """
    if connection.info.transaction_status is not TransactionStatus.IDLE:
        raise ValueError("writing files needs a connection without an open transaction")
    key = [PUBLISHING_LOCK, period]
    connection.execute("select pg_advisory_lock(%s, hashtext(%s))", key)
    connection.commit()
    try:
        yield
    finally:
        # A broken connection has let go of it.
        if not connection.closed:
            connection.execute("select pg_advisory_unlock(%s, hashtext(%s))", key)
            connection.commit()


def _write_edition(
    connection: psycopg.Connection, edition: Edition, folder: Path, templates: Path | None
) -> None:
    partial = folder.with_name(f".{folder.name}.partial")
    # A crash has left it: the lock says that nobody is writing it now.
    shutil.rmtree(partial, ignore_errors=True)
    partial.mkdir(parents=True)
    if edition.kind == "monthly":
        with snapshot(connection):
            tables = files.write_tables(connection, edition, partial)
            release = read_month(connection, edition)
            earlier = read_earlier_months(connection, edition)
        _render_month(release, earlier, partial, templates)
    else:
        with snapshot(connection):
            tables = files.write_tables(connection, edition, partial)
            form_release = form.read_form(connection, edition)
        _render_form(form_release, partial, templates)
    manifest.write(partial, edition, tables)
    _flush_tree(partial)
    partial.rename(folder)
    _flush(folder.parent)


def _render_month(
    release: MonthRelease, earlier: list[EarlierMonth], folder: Path, templates: Path | None
) -> None:
    """Everything of a month that people read. The pages come last: they list the other files."""
    from service_index.publishing.documents import compliance, letter
    from service_index.publishing.notice import notice
    from service_index.publishing.open_data import workbook
    from service_index.publishing.site import pages

    workbook.write(release, folder / f"{release.edition.period}.xlsx")
    if release.previous is not None:
        (folder / "NOTICE.txt").write_text(notice(release), encoding="utf-8")
    letter.write(release, earlier, folder, templates)
    compliance.write(release, folder, templates)
    pages.write(release, earlier, folder)


def _render_form(release: FormRelease, folder: Path, templates: Path | None) -> None:
    from service_index.publishing.documents import form as form_documents

    form_documents.write(release, folder, templates)


def _replace_index(connection: psycopg.Connection, period: str, path: Path) -> None:
    partial = path.with_name(f".{path.name}.partial")
    csv.write_index(connection, period, partial)
    _flush(partial)
    partial.replace(path)
    _flush(path.parent)


def _flush_tree(folder: Path) -> None:
    """On the disk, before its name says that it is complete."""
    for path in (folder, *folder.rglob("*")):
        _flush(path)


def _flush(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
