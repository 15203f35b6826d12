"""The dbt project as a thing that runs and releases are made by: its hashes, and kept copies."""

from __future__ import annotations

import hashlib
import io
import zipfile
from collections.abc import Iterable
from pathlib import Path

import psycopg

_IGNORED_FOLDERS = {"target", "logs", "dbt_packages"}
# Figures that people enter: data, not a part of the project.
_BY_HAND = "seeds/by_hand/*.csv"


def project_revision(dbt_project: Path) -> str:
    """A hash over every file of the dbt project: models, seeds, tests, macros, settings."""
    by_hand = set(dbt_project.glob(_BY_HAND))
    return _hash_of(dbt_project, (path for path in _files(dbt_project) if path not in by_hand))


def by_hand_sha256(dbt_project: Path) -> str:
    """A hash over the figures that people enter. Another one means a run, but no full refresh."""
    return _hash_of(dbt_project, sorted(dbt_project.glob(_BY_HAND)))


def keep(connection: psycopg.Connection, dbt_project: Path) -> tuple[str, str]:
    """Keep a copy of the project in the warehouse, unless it is there; its two hashes.

    What a release was made by can then be run again, whatever the project has become since.
    The caller commits.
    """
    by_hand = sorted(dbt_project.glob(_BY_HAND))
    parts = (
        (project_revision(dbt_project), [p for p in _files(dbt_project) if p not in by_hand]),
        (by_hand_sha256(dbt_project), by_hand),
    )
    for sha256, paths in parts:
        known = connection.execute(
            "select from ops.project_archive where sha256 = %s", [sha256]
        ).fetchone()
        if known is None:
            connection.execute(
                "insert into ops.project_archive (sha256, content) values (%s, %s) "
                "on conflict do nothing",
                [sha256, _zipped(dbt_project, paths)],
            )
    return parts[0][0], parts[1][0]


def unpack(connection: psycopg.Connection, sha256s: Iterable[str | None], folder: Path) -> bool:
    """Lay out the kept copies in an empty `folder`; false, and nothing laid out, if one lacks."""
    found = [
        connection.execute(
            "select content from ops.project_archive where sha256 = %s", [sha256]
        ).fetchone()
        for sha256 in sha256s
    ]
    contents = [row[0] for row in found if row is not None]
    if len(contents) < len(found):
        return False
    for content in contents:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            archive.extractall(folder)
    return True


def _zipped(root: Path, paths: Iterable[Path]) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for path in paths:
            archive.write(path, path.relative_to(root))
    return buffer.getvalue()


def _files(root: Path) -> list[Path]:
    """The files that are the project's own, in order: nothing that dbt leaves behind."""
    return [
        path
        for path in sorted(root.rglob("*"))
        if path.is_file()
        and path.relative_to(root).parts[0] not in _IGNORED_FOLDERS
        and not path.name.startswith(".")
    ]


def _hash_of(root: Path, paths: Iterable[Path]) -> str:
    digest = hashlib.sha256()
    for path in paths:
        digest.update(str(path.relative_to(root)).encode() + b"\0" + path.read_bytes() + b"\0")
    return digest.hexdigest()
