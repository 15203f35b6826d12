"""Pages of releases in the tree of releases, for tests, and what the home page over them says."""

from __future__ import annotations

import json
from pathlib import Path

import psycopg

from service_index.publishing import site
from service_index.publishing.edition import editions
from service_index.publishing.month_reading import read_earlier_months, read_month
from tests.browser.reading import parse, table


def write_release(connection: psycopg.Connection, release_id: str, releases: Path) -> Path:
    """Write the pages of the release's newest edition, and what a publication lays beside them."""
    edition = editions(connection, release_id)[-1]
    folder = edition.folder(releases)
    (folder / "documents").mkdir(parents=True)
    (folder / "documents" / "letter.pdf").write_bytes(b"%PDF")
    release, earlier = read_month(connection, edition), read_earlier_months(connection, edition)
    site.write(release, earlier, folder)
    for name in ("SHA256SUMS", "datapackage.json"):
        (folder / name).write_text("", encoding="utf-8")
    connection.commit()
    return folder


def statuses(releases: Path) -> dict[str, list[dict[str, object]]]:
    script = (releases / "releases.js").read_text(encoding="ascii")
    prefix, text = script.split(" = ", 1)
    assert prefix == "window.serviceIndexReleases"
    found: dict[str, list[dict[str, object]]] = json.loads(text.strip().removesuffix(";"))
    return found


def history(releases: Path) -> list[list[str]]:
    return [row[:4] for row in table(parse(releases / "index.html"), "history")]
