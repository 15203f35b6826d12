"""The folder of a release's files, which appears whole and never changes.

An edition's files lie in `<releases>/<period>/<edition.folder_name>/`. The period's own
`releases.csv` beside them tells each release's present status and is replaced whenever that may
have changed. Everything is made from published rows, so it can be made again at any time; the
database keeps a hash of what was published, so that it is the same then.
"""

from __future__ import annotations

import logging
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg

from service_index import kill_points
from service_index.publishing import form, locks, manifest
from service_index.publishing.disk import flush, flush_tree
from service_index.publishing.edition import Edition, editions
from service_index.publishing.form import FormRelease
from service_index.publishing.month import EarlierMonth, MonthRelease
from service_index.publishing.month_reading import read_earlier_months, read_month
from service_index.publishing.open_data import csv, files

_log = logging.getLogger(__name__)


class FilesRefusedError(Exception):
    """A folder was not written; the message is one line with the reason and the way out."""


def ensure_files(
    connection: psycopg.Connection,
    release_id: str,
    releases: Path,
    templates: Path | None = None,
) -> Path:
    """Write every edition of the release under `releases` that is not there; return the newest.

    Also brings the period's `releases.csv` up to date, and writes what a crash has left out of
    earlier editions and of the period's other releases; if that fails, it is logged and the newest
    edition has its files all the same. `templates` is an office's own folder for documents.
    `connection` must not be in a transaction.

    The same edition gives the same bytes, whenever and wherever it is written: raises
    FilesRefusedError where they would not be those that were published, or where a folder of that
    name holds others. Raises LookupError for a release that was never published.
    """
    period = release_id.rpartition(".")[0]
    with locks.sole_writer(connection, period):
        with snapshot(connection):
            *earlier, newest = editions(connection, release_id)
            others = _other_editions(connection, period, release_id)
        try:
            for edition in (*earlier, *others):
                try:
                    _ensure_edition(connection, edition, releases, templates)
                except Exception as error:
                    _log.warning("%s is without its files: %s", edition.release_id, error)
            _ensure_edition(connection, newest, releases, templates)
        finally:
            # Statuses are true whether or not the files could be made.
            _write_index(connection, period, releases)
    return newest.folder(releases)


def write_index(connection: psycopg.Connection, period: str, releases: Path) -> None:
    """Bring the period's `releases.csv` up to the present statuses of its releases.

    `connection` must not be in a transaction.
    """
    with locks.sole_writer(connection, period):
        _write_index(connection, period, releases)


def published_sha256(connection: psycopg.Connection, edition: Edition) -> str | None:
    """The hash of the checksums that the edition was published with; None before it was."""
    found = connection.execute(
        "select sha256sums_sha256 from published.release_files "
        "where release_id = %s and stamp = %s",
        [edition.release_id, edition.stamp],
    ).fetchone()
    return found[0] if found else None


@contextmanager
def snapshot(connection: psycopg.Connection) -> Iterator[None]:
    """Everything that is read inside is read as of one instant."""
    with connection.transaction():
        connection.execute("set transaction isolation level repeatable read, read only")
        # The driver reads instants in no other style.
        connection.execute("set local datestyle = 'ISO'")
        yield


def _other_editions(connection: psycopg.Connection, period: str, release_id: str) -> list[Edition]:
    """Those of the period's other releases, by revision."""
    others = connection.execute(
        "select release_id from published.release_record "
        "where period = %s and release_id <> %s order by revision",
        [period, release_id],
    ).fetchall()
    return [edition for (other,) in others for edition in editions(connection, other)]


def _ensure_edition(
    connection: psycopg.Connection, edition: Edition, releases: Path, templates: Path | None
) -> None:
    folder = edition.folder(releases)
    with snapshot(connection):
        published = published_sha256(connection, edition)
    if folder.exists():
        if not _is_whole(folder, published):
            raise FilesRefusedError(
                f"{folder} does not hold the files that {edition.release_id} ({edition.status}) "
                "was published with: move it away, then publish again"
            )
        return
    partial = folder.with_name(f".{folder.name}.partial")
    # Complete, and recorded, when the writer was killed: these are the files, made by the
    # templates and the software of that day.
    if not (published and _is_whole(partial, published)):
        _make_empty(partial)
        _write_edition(connection, edition, partial, templates)
        flush_tree(partial)
        kill_points.reached("files.before_hash")
        sha256 = manifest.sha256(partial / manifest.CHECKSUMS)
        if published is None:
            _record(connection, edition, sha256)
        elif published != sha256:
            shutil.rmtree(partial)
            raise FilesRefusedError(
                f"the files of {edition.release_id} ({edition.status}) would not be those that "
                "were published: other templates or another version of the software make them "
                f"now; restore {folder} from a backup, or use the templates and version of its day"
            )
    kill_points.reached("files.before_rename")
    partial.rename(folder)
    flush(folder.parent)
    kill_points.reached("files.after_rename")


def _is_whole(folder: Path, published: str | None) -> bool:
    """Whether the folder has the checksums that were published, and every file that they name."""
    checksums = folder / manifest.CHECKSUMS
    if published is None or not checksums.is_file() or manifest.sha256(checksums) != published:
        return False
    lines = checksums.read_text(encoding="utf-8").splitlines()
    return all((folder / line.split("  ", 1)[1]).is_file() for line in lines)


def _make_empty(partial: Path) -> None:
    """Make the folder, and those above it, to last; without what a crash has left in it.

    The lock says that nobody is writing there now.
    """
    try:
        if partial.exists() or partial.is_symlink():
            shutil.rmtree(partial)
    except OSError as error:
        raise FilesRefusedError(
            f"{partial} is left of a publication that was broken off and cannot be removed "
            f"({error.strerror or error}): remove it, then publish again"
        ) from error
    made = [folder for folder in partial.parents if not folder.exists()]
    partial.mkdir(parents=True)
    for folder in made:
        flush(folder.parent)


def _record(connection: psycopg.Connection, edition: Edition, sha256: str) -> None:
    """Keep the hash of an edition that is published for the first time."""
    with connection.transaction():
        connection.execute(
            "insert into published.release_files "
            "(release_id, stamp, sha256sums_sha256, written_at) "
            "values (%s, %s, %s, clock_timestamp())",
            [edition.release_id, edition.stamp, sha256],
        )


def _write_edition(
    connection: psycopg.Connection, edition: Edition, folder: Path, templates: Path | None
) -> None:
    if edition.kind == "monthly":
        with snapshot(connection):
            tables = files.write_tables(connection, edition, folder)
            release = read_month(connection, edition)
            earlier = read_earlier_months(connection, edition)
        _render_month(release, earlier, folder, templates)
    else:
        with snapshot(connection):
            tables = files.write_tables(connection, edition, folder)
            form_release = form.read_form(connection, edition)
        _render_form(form_release, folder, templates)
    kill_points.reached("files.before_manifest")
    manifest.write(folder, edition, tables)


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


def _write_index(connection: psycopg.Connection, period: str, releases: Path) -> None:
    path = releases / period / "releases.csv"
    partial = path.with_name(f".{path.name}.partial")
    path.parent.mkdir(parents=True, exist_ok=True)
    with snapshot(connection):
        csv.write_index(connection, period, partial)
    flush(partial)
    partial.replace(path)
    flush(path.parent)
