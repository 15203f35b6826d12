"""The home page: the stable address over all releases, and the one page that is replaced."""

from __future__ import annotations

import base64
import hashlib
import json
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import psycopg
from psycopg.rows import class_row

from service_index.publishing import locks
from service_index.publishing.disk import flush
from service_index.publishing.edition import SAMPLE_NOTICE, Edition, editions
from service_index.publishing.folder import snapshot
from service_index.publishing.labels import Label
from service_index.publishing.month_reading import read_earlier_months, read_month
from service_index.publishing.site import downloads, overview, rendering
from service_index.publishing.site.downloads import DownloadGroup
from service_index.publishing.site.material import Material, prepare

HOME_PAGE = "index.html"
PRESENT_STATUSES = "releases.js"
_SUSPENDED = "suspended"
# Every logged status counts, also one from a machine whose clock is ahead.
_NOW = datetime.max.replace(tzinfo=UTC)


@dataclass(frozen=True)
class _Release:
    """A release as it stands now; `because` is why it is suspended."""

    release_id: str
    kind: str
    period: str
    revision: int
    status: str
    because: str | None
    reason: str | None
    created_at: datetime
    data_cutoff: datetime
    is_current: bool
    is_sample: bool

    @property
    def place(self) -> tuple[str, int]:
        """Later months, and later revisions of one, come behind."""
        return self.period, self.revision

    @property
    def is_month_of_now(self) -> bool:
        return self.kind == "monthly" and self.is_current


@dataclass(frozen=True)
class _Entry:
    """A release and its files: those of its newest edition that lies under the releases' folder.

    `edition` and `folder` are None where there is none, or the release is suspended; `pages` are
    the paths of its HTML pages.
    """

    release: _Release
    edition: Edition | None
    folder: str | None
    pages: list[str]
    download_groups: list[DownloadGroup]

    @property
    def file_count(self) -> int:
        return sum(len(group.files) for group in self.download_groups)


def write_home(connection: psycopg.Connection, releases: Path) -> None:
    """Replace the home page and the present statuses under `releases`, each at one stroke.

    `connection` must not be in a transaction. Call it when the files of the releases lie there.
    """
    # One at a time, so that an older view of the releases is not written over a newer one.
    with locks.sole_writer(connection, "home page"):
        with snapshot(connection):
            entries = [
                _entry(connection, release, releases) for release in _present_releases(connection)
            ]
            shown = _shown(entries)
            material = _material(connection, shown, entries)
        releases.mkdir(parents=True, exist_ok=True)
        _replace(releases / PRESENT_STATUSES, _statuses_script(entries))
        _replace(releases / HOME_PAGE, _home_page(entries, shown, material))


def _present_releases(connection: psycopg.Connection) -> list[_Release]:
    """All releases, the newest period and revision first."""
    with connection.cursor(row_factory=class_row(_Release)) as cursor:
        return cursor.execute(
            """
            select
                r.release_id, r.kind, r.period, r.revision, r.status,
                (
                    select s.because from published.release_status as s
                    where s.release_id = r.release_id
                    order by s.status_id desc limit 1
                ) as because,
                r.reason, r.created_at, r.data_cutoff, r.is_current, r.is_sample
            from published.release as r
            order by r.period collate "C" desc, r.revision desc
            """
        ).fetchall()


def _entry(connection: psycopg.Connection, release: _Release, releases: Path) -> _Entry:
    if release.status == _SUSPENDED:
        return _Entry(release, None, None, [], [])
    for edition in reversed(editions(connection, release.release_id)):
        folder = edition.folder(releases)
        if folder.is_dir():
            site = folder / "site"
            return _Entry(
                release=release,
                edition=edition,
                folder=folder.relative_to(releases).as_posix(),
                pages=sorted(page.relative_to(site).as_posix() for page in site.rglob("*.html")),
                download_groups=downloads.downloads(folder),
            )
    return _Entry(release, None, None, [], [])


def _shown(entries: list[_Entry]) -> _Entry | None:
    """The newest month that has pages; after a crash, by the revision before its newest one.

    None of a month whose present release is suspended, not even what that one replaced.
    """
    withdrawn = _withdrawn(entries)
    return next(
        (
            entry
            for entry in entries
            if entry.pages
            and entry.release.kind == "monthly"
            and entry.release.period not in withdrawn
        ),
        None,
    )


def _withdrawn(entries: list[_Entry]) -> set[str]:
    releases = [entry.release for entry in entries]
    return {r.period for r in releases if r.is_month_of_now and r.status == _SUSPENDED}


def _material(
    connection: psycopg.Connection, shown: _Entry | None, entries: list[_Entry]
) -> Material | None:
    """What the overview is made of, without the numbers of months that are suspended now."""
    if shown is None or shown.edition is None:
        return None
    release = read_month(connection, shown.edition)
    withdrawn = _withdrawn(entries)
    earlier = read_earlier_months(connection, shown.edition, at=_NOW)
    return prepare(release, [month for month in earlier if month.period not in withdrawn])


def _statuses_script(entries: list[_Entry]) -> str:
    """What pages of releases load to learn of newer ones; lists of pages stand once each."""
    page_lists: list[list[str]] = []
    told: list[dict[str, Any]] = []
    for entry in entries:
        if entry.pages not in page_lists:
            page_lists.append(entry.pages)
        release = entry.release
        told.append(
            {
                "id": release.release_id,
                "kind": release.kind,
                "period": release.period,
                "status": release.status,
                "current": release.is_current,
                "folder": entry.folder if entry.pages else None,
                "pages": page_lists.index(entry.pages),
            }
        )
    # In ASCII, it needs no encoding and holds no sign that a script would take for a line's end.
    text = json.dumps({"releases": told, "pages": page_lists}, separators=(",", ":"))
    return f"window.serviceIndexReleases = {text};\n"


def _home_page(entries: list[_Entry], shown: _Entry | None, material: Material | None) -> str:
    later = [
        entry.release
        for entry in entries
        if entry.release.is_month_of_now
        and not entry.pages
        and (shown is None or entry.release.place > shown.release.place)
    ]
    scripts = [rendering.asset("language.js"), rendering.asset("site.js")]
    is_sample = any(entry.release.is_sample for entry in entries)
    name = Label(
        "Chỉ số phục vụ người dân, doanh nghiệp", "Index of service to citizens and businesses"
    )
    return rendering.render(
        "home.html.j2",
        title=Label(*(f"{text}{_sample_mark(is_sample)}" for text in (name.vi, name.en))),
        is_sample=is_sample,
        edition=material.edition if material else None,
        view=overview.overview_of(material) if material else None,
        shown=shown,
        later_suspended=[release for release in later if release.status == _SUSPENDED],
        awaited=[release for release in later if release.status != _SUSPENDED],
        entries=entries,
        style=rendering.asset("style.css"),
        language_script=scripts[0],
        site_script=scripts[1],
        script_hashes=[_hash(script) for script in scripts],
    )


def _sample_mark(is_sample: bool) -> str:
    return f" – {SAMPLE_NOTICE}" if is_sample else ""


def _hash(script: str) -> str:
    """As a content security policy names a script inside the page."""
    digest = hashlib.sha256(script.encode()).digest()
    return f"'sha256-{base64.b64encode(digest).decode()}'"


def _replace(path: Path, text: str) -> None:
    """A reader gets the file before or this one, whole; after the call, this one for good."""
    partial = path.with_name(f".{path.name}.partial")
    partial.write_text(text, encoding="utf-8", newline="\n")
    flush(partial)
    partial.replace(path)
    flush(path.parent)
