"""The few operations on a local folder or an object store that landing needs."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from upath import UPath


def open_root(url: str) -> UPath:
    """The root of a landing: a folder's path, or any URL that fsspec knows."""
    root = UPath(url)
    # As a plain path, a local folder is read and written without fsspec in between.
    return UPath(root.path) if root.protocol in {"file", "local"} else root


@contextmanager
def new_file(path: UPath) -> Iterator[IO[bytes]]:
    """Write a new file; on a local disk it is on the medium when the block ends."""
    if isinstance(path, Path):
        path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("wb") as stream:
        yield stream
        if isinstance(path, Path):
            stream.flush()
            os.fsync(stream.fileno())


def publish(path: UPath, body: bytes) -> None:
    """Put a whole file in its place at once: a reader finds all of it or nothing.

    Locally by rename, after everything else in the folder is on the medium; an object store's
    own write is atomic.
    """
    if not isinstance(path, Path):
        path.write_bytes(body)
        return
    draft = path.with_name(path.name + ".tmp")
    with new_file(draft) as stream:
        stream.write(body)
    draft.rename(path)
    for folder in (path.parent, path.parent.parent):
        _sync_folder(folder)


def replace(new: UPath, old: UPath) -> None:
    """Put `new` in the place of `old`; locally at once."""
    if isinstance(new, Path) and isinstance(old, Path):
        new.replace(old)
        _sync_folder(old.parent)
        return
    old.write_bytes(new.read_bytes())
    new.unlink()


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def folders(path: UPath) -> list[str]:
    """The names of the folders directly in `path`; none where it does not exist."""
    try:
        if isinstance(path, Path):
            return [entry.name for entry in os.scandir(path) if entry.is_dir()]
        path.fs.invalidate_cache(path.path)  # others write here too
        listing = path.fs.ls(path.path, detail=True)
    except FileNotFoundError:
        return []
    return [
        entry["name"].rstrip("/").rpartition("/")[2]
        for entry in listing
        if entry["type"] == "directory"
    ]


def remove_tree(path: UPath) -> None:
    """Remove a folder and what is in it; no matter if it is not there."""
    if isinstance(path, Path):
        shutil.rmtree(path, ignore_errors=True)
    elif path.exists():
        path.fs.rm(path.path, recursive=True)
