"""Holds the folder of a release against its checksums, its manifest and the database."""

from __future__ import annotations

import json
import re
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import psycopg

from service_index.publishing import comparison, content, manifest
from service_index.publishing.edition import Edition, editions
from service_index.publishing.folder import published_sha256, snapshot
from service_index.publishing.manifest import CHECKSUMS, MANIFEST
from service_index.publishing.open_data import files
from service_index.publishing.open_data.csv import instant
from service_index.publishing.open_data.tables import Table
from service_index.publishing.printing import one_line

# What the manifest has from rows, but for the content hash; the rest is wording.
_FACTS = (
    "version",
    "created",
    "is_sample",
    "kind",
    "period",
    "province_code",
    "province_name",
    "revision",
    "status",
    "data_cutoff",
    "published_at",
    "previous_release_id",
    "reason",
    "catalogue_version",
    "code_revision",
    "source_batches",
    "quarantine",
)
_CHECKSUM_LINE = re.compile(r"(?P<sha256>[0-9a-f]{64})  (?P<path>.+)")


def verify(connection: psycopg.Connection, folder: Path) -> list[str]:
    """What is wrong with the release in `folder`, a line each; empty when nothing is.

    Its files are held against its checksums and manifest, its checksums against those that it was
    published with, its tables and what it says of itself against the published rows. Where its
    checksums are those that it was published with, they answer for its wording: the software may
    word another way today. `connection` must not be in a transaction. Raises NotADirectoryError
    where there is no folder.
    """
    return [one_line(problem) for problem in _problems(connection, folder)]


def _problems(connection: psycopg.Connection, folder: Path) -> Iterator[str]:
    if not folder.is_dir():
        raise NotADirectoryError(f"there is no folder {folder}")
    found = {path: manifest.sha256(folder / path) for path in manifest.paths(folder)}
    for path in manifest.oddities(folder):
        yield f"{path}: is a link, or no file at all"
    yield from _against_checksums(folder, found)
    package = _manifest(folder) if MANIFEST in found else None
    if package is None:
        yield f"{MANIFEST}: is not there, or no manifest; the rest was not looked at"
        return
    yield from _against_manifest(folder, package, found)
    with snapshot(connection):
        edition = _edition(connection, package)
        if edition is None:
            yield (
                f"{MANIFEST}: the database has no release {package.get('version')} that was "
                f"{package.get('status')} at {package.get('created')}"
            )
        else:
            published = published_sha256(connection, edition)
            yield from _against_publication(edition, published, found.get(CHECKSUMS))
            is_recorded = published is not None and published == found.get(CHECKSUMS)
            yield from _against_database(connection, edition, folder, package, is_recorded)


def _against_checksums(folder: Path, found: dict[str, str]) -> Iterator[str]:
    text = ""
    if CHECKSUMS in found:
        text = (folder / CHECKSUMS).read_text(encoding="utf-8", errors="replace")
    listed = {}
    for number, line in enumerate(text.splitlines(), start=1):
        match = _CHECKSUM_LINE.fullmatch(line)
        if match:
            listed[match["path"]] = match["sha256"]
        else:
            yield f"{CHECKSUMS}: line {number} is no checksum"
    for name in sorted(listed.keys() | found.keys() - {CHECKSUMS}):
        if name not in found:
            yield f"{name}: is missing"
        elif name not in listed:
            yield f"{name}: is not listed in {CHECKSUMS}"
        elif listed[name] != found[name]:
            yield f"{name}: was altered, its checksum is not that of {CHECKSUMS}"


def _manifest(folder: Path) -> dict[str, Any] | None:
    try:
        package = json.loads((folder / MANIFEST).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
    return package if isinstance(package, dict) else None


def _resources(package: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """The manifest's resources by path; what is no resource is left out, and so missed later."""
    resources = package.get("resources")
    return {
        str(resource.get("path")): resource
        for resource in (resources if isinstance(resources, list) else [])
        if isinstance(resource, dict)
    }


def _against_manifest(
    folder: Path, package: dict[str, Any], found: dict[str, str]
) -> Iterator[str]:
    resources = _resources(package)
    for path in sorted(resources.keys() | found.keys() - {MANIFEST, CHECKSUMS}):
        if path not in found:
            yield f"{MANIFEST}: names {path}, which is missing"
        elif path not in resources:
            yield f"{MANIFEST}: does not name {path}"
        else:
            size = (folder / path).stat().st_size
            facts = {"bytes": size, "hash": f"sha256:{found[path]}"}
            for name, value in facts.items():
                stated = resources[path].get(name)
                if stated != value:
                    yield f"{MANIFEST}: {name} of {path} is {stated}, not {value}"


def _edition(connection: psycopg.Connection, package: dict[str, Any]) -> Edition | None:
    try:
        of_release = editions(connection, str(package.get("version")))
    except LookupError:
        return None
    for edition in of_release:
        stamp = (edition.status, instant(edition.stamped_at))
        if stamp == (package.get("status"), package.get("created")):
            return edition
    return None


def _against_publication(
    edition: Edition, published: str | None, checksums_sha256: str | None
) -> Iterator[str]:
    """Finds also who has made checksums and manifest fit what was altered."""
    if published is None:
        yield (
            f"{CHECKSUMS}: the database does not know with which files {edition.release_id} was "
            "published; move the folder away and publish again"
        )
    elif checksums_sha256 is None:
        yield f"{CHECKSUMS}: is missing"
    elif checksums_sha256 != published:
        yield f"{CHECKSUMS}: is not the one that {edition.release_id} was published with"


def _against_database(
    connection: psycopg.Connection,
    edition: Edition,
    folder: Path,
    package: dict[str, Any],
    is_recorded: bool,
) -> Iterator[str]:
    """Where `is_recorded`, whatever does not come from rows is left to the checksums."""
    rows_sha256 = content.release_sha256(connection, edition.release_id)
    if rows_sha256 != package.get("content_sha256"):
        yield (
            f"{MANIFEST}: content_sha256 is {package.get('content_sha256')}, "
            f"the published rows have {rows_sha256}"
        )
    for name, value in manifest.describe(edition).items():
        if is_recorded and (name not in _FACTS or name not in package):
            continue
        if name != "content_sha256" and package.get(name) != value:
            yield f"{MANIFEST}: {name} is {package.get(name)!r}, in the database {value!r}"
    with tempfile.TemporaryDirectory() as name:
        again = Path(name)
        tables = files.write_tables(connection, edition, again)
        is_same = comparison.has_same_values if is_recorded else comparison.is_same
        yield from _against_tables(folder, again, is_same)
        if not is_recorded:
            yield from _against_descriptions(again, package, tables)


def _against_tables(
    folder: Path, again: Path, is_same: Callable[[Path, Path], bool]
) -> Iterator[str]:
    """Tables as they lie in `folder` and as the database gives them `again`."""
    found, known = set(manifest.paths(folder)), set(manifest.paths(again))
    for path in manifest.paths(again):
        if path not in found:
            yield f"{path}: is missing, the database has rows for it"
        elif not is_same(folder / path, again / path):
            yield f"{path}: is not what the database gives"
    for path in manifest.paths(folder):
        if path.startswith("data/") and path not in known:
            yield f"{path}: the database has no rows for it"


def _against_descriptions(
    again: Path, package: dict[str, Any], tables: list[Table]
) -> Iterator[str]:
    """Schemas and keys of the tables, as the manifest has them."""
    resources = _resources(package)
    for expected in manifest.resources(again, tables):
        found = resources.get(expected["path"], {})
        for name in ("type", "title", "description", "dialect", "schema"):
            if found.get(name) != expected.get(name):
                yield f"{MANIFEST}: {name} of {expected['path']} is not that of its table"
