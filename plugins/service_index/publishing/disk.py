"""Files that are on the disk before anything says that they are there."""

from __future__ import annotations

import os
from pathlib import Path


def flush(path: Path) -> None:
    """A file's bytes, or a folder's entries, outlive a loss of power from here on."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def flush_tree(folder: Path) -> None:
    """Everything in it, before its name says that it is complete."""
    for path in (folder, *folder.rglob("*")):
        flush(path)
