"""The home page: the stable address over all releases, and the one page that is replaced."""

from __future__ import annotations

import base64
import hashlib
import json
import os
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import psycopg
from psycopg.rows import class_row

from service_index.publishing import locks
from service_index.publishing.edition import SAMPLE_NOTICE, editions
from service_index.publishing.labels import Label
from service_index.publishing.month_reading import read_earlier_months, read_month
from service_index.publishing.site import downloads, overview, rendering
from service_index.publishing.site.downloads import DownloadGroup
from service_index.publishing.site.material import prepare

HOME_PAGE = "index.html"
PRESENT_STATUSES = "releases.js"
_SUSPENDED = "suspended"


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


@dataclass(frozen=True)
class _Entry:
    """A release and its files: those of its newest edition that lies under the releases' folder.

    `folder` is None where there is none, or the release is suspended; `pages` are the paths of
    its HTML pages.
    """

    release: _Release
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
    with locks.publishing(connection, "home page"):
        entries = [
            _entry(connection, release, releases) for release in _present_releases(connection)
        ]
        releases.mkdir(parents=True, exist_ok=True)
        _replace(releases / PRESENT_STATUSES, _statuses_script(entries))
        _replace(releases / HOME_PAGE, _home_page(connection, entries))


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
        return _Entry(release, None, [], [])
    for edition in reversed(editions(connection, release.release_id)):
        folder = edition.folder(releases)
        if folder.is_dir():
            site = folder / "site"
            return _Entry(
                release=release,
                folder=folder.relative_to(releases).as_posix(),
                pages=sorted(page.relative_to(site).as_posix() for page in site.rglob("*.html")),
                download_groups=downloads.downloads(folder),
            )
    return _Entry(release, None, [], [])


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


def _home_page(connection: psycopg.Connection, entries: list[_Entry]) -> str:
    shown = next(
        (
            entry
            for entry in entries
            if entry.pages and entry.release.kind == "monthly" and entry.release.is_current
        ),
        None,
    )
    view = edition = None
    if shown is not None:
        edition = editions(connection, shown.release.release_id)[-1]
        earlier = read_earlier_months(connection, edition)
        view = overview.overview_of(prepare(read_month(connection, edition), earlier))
    scripts = [rendering.asset("language.js"), rendering.asset("site.js")]
    is_sample = any(entry.release.is_sample for entry in entries)
    name = Label(
        "Chỉ số phục vụ người dân, doanh nghiệp", "Index of service to citizens and businesses"
    )
    return rendering.render(
        "home.html.j2",
        title=Label(*(f"{text}{_sample_mark(is_sample)}" for text in (name.vi, name.en))),
        is_sample=is_sample,
        edition=edition,
        view=view,
        shown=shown,
        later_suspended=[
            entry.release
            for entry in entries
            if entry.release.status == _SUSPENDED
            and entry.release.is_current
            and entry.release.kind == "monthly"
            and (shown is None or entry.release.period > shown.release.period)
        ],
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
    """A reader gets the file before or this one, whole, also after a crash."""
    partial = path.with_name(f".{path.name}.partial")
    with partial.open("w", encoding="utf-8", newline="\n") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    partial.replace(path)
