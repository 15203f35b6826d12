"""A disk of its own for a test, small enough to be filled."""

from __future__ import annotations

import errno
import os
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

SIZE_MB = 400


class SmallDisk:
    """A folder on a file system of its own; `fill` leaves no byte of it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._ballast = folder / "ballast"

    @contextmanager
    def full(self) -> Iterator[None]:
        """Full in this block."""
        with self._ballast.open("wb", buffering=0) as stream:
            try:
                while True:
                    stream.write(b"\0" * 65_536)
            except OSError as error:
                if error.errno != errno.ENOSPC:
                    raise
        try:
            yield
        finally:
            self._ballast.unlink()


@contextmanager
def small_disk() -> Iterator[SmallDisk]:
    """Mount one; raises PermissionError where this user may not."""
    if os.geteuid() != 0:
        raise PermissionError("only root can mount a file system")
    folder = Path(tempfile.mkdtemp(prefix="si-disk-"))
    mount = ["mount", "-t", "tmpfs", "-o", f"size={SIZE_MB}m,mode=755", "tmpfs", str(folder)]
    if subprocess.run(mount, capture_output=True, check=False).returncode != 0:
        folder.rmdir()
        raise PermissionError("a file system cannot be mounted here")
    try:
        yield SmallDisk(folder)
    finally:
        subprocess.run(["umount", "--lazy", str(folder)], check=True)
        folder.rmdir()
