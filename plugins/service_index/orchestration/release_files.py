"""Lays out what a published release is read as: its folder, and the home page over all."""

from __future__ import annotations

import time
from pathlib import Path

import psycopg

from service_index.orchestration.progress import say
from service_index.publishing.release import PublishResult
from service_index.settings import Settings


def lay_out(connection: psycopg.Connection, result: PublishResult, settings: Settings) -> Path:
    """Write the files of the release unless they are there, and the home page; tell of both.

    Reads published rows alone, so that no lock on the marts is needed. A crash in between is
    mended by the next call. `connection` must not be in a transaction.
    """
    from service_index.publishing.folder import ensure_files

    started = time.monotonic()
    try:
        folder = ensure_files(
            connection, result.release_id, settings.releases, settings.document_templates
        )
    finally:
        # The release stands, whatever became of its files.
        write_home(connection, settings)
    what = "published" if result.is_new else "unchanged, no new release:"
    seconds = time.monotonic() - started
    say(
        f"{what} {result.release_id} ({result.status}); files: {folder} ({seconds:.1f} s)",
        release_id=result.release_id,
        status=result.status,
        is_new=result.is_new,
    )
    return folder


def tell_status(connection: psycopg.Connection, release_id: str, settings: Settings) -> None:
    """Bring the period's list and the home page up to a status that has changed."""
    from service_index.publishing.folder import write_index

    write_index(connection, release_id.rpartition(".")[0], settings.releases)
    write_home(connection, settings)


def write_home(connection: psycopg.Connection, settings: Settings) -> None:
    """Bring the home page up to the present releases and statuses."""
    from service_index.publishing.site.home import write_home as write

    settings.releases.mkdir(parents=True, exist_ok=True)
    write(connection, settings.releases)


def home_page(settings: Settings) -> str:
    """The address of the home page, to be opened in a browser."""
    return (settings.releases / "index.html").as_uri()
