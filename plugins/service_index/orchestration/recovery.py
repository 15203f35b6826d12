"""Backup and restore of what cannot be made again, and the warehouse made again from landing."""

from __future__ import annotations

import filecmp
import shutil
import time
from collections.abc import Iterator
from pathlib import Path

from service_index import settings as settings_module
from service_index.landing.storage import open_root
from service_index.orchestration import connections, national, stages
from service_index.orchestration.progress import say
from service_index.settings import Settings
from service_index.warehouse import dump, migrate

_DUMP = "warehouse.dump"


class RecoveryError(Exception):
    """A backup or a restore cannot go on; the message is one line with the way out."""


def backup(folder: Path) -> None:
    """Write warehouse, landing and releases to `folder`; into an earlier backup, what is new.

    The scheduler may go on: what lies in the copy of the releases was published by the time of
    the dump, and what the dump knows of is in the copy of the landing. A release without its
    files gets them again, and a landing that is not loaded is, with the next run after a restore.
    """
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    with stages.open_warehouse() as (connection, dsn, settings):
        connection.commit()
        trees = dict(_trees(settings))
        _copy("releases", trees.pop("releases"), folder)
        started = time.monotonic()
        dump.dump(dsn, folder / _DUMP)
        size = (folder / _DUMP).stat().st_size
        say(f"warehouse: {size / 1_000_000:,.0f} MB ({time.monotonic() - started:.1f} s)")
        for name, source in trees.items():
            _copy(name, source, folder)


def _copy(name: str, source: Path, folder: Path) -> None:
    say(f"{name}: {_mirror(source, folder / name)} files new or changed")


def restore(folder: Path) -> None:
    """Fill an empty installation from a backup; a restore that was broken off goes on.

    Raises RecoveryError when there is no backup or a file here is another than the backup's,
    DumpError when the warehouse holds data.
    """
    if not (folder / _DUMP).is_file():
        raise RecoveryError(f"{folder} holds no backup: there is no {_DUMP}")
    settings = settings_module.load()
    dsn = connections.warehouse_dsn(settings)
    trees = list(_trees(settings))
    for name, target in trees:
        if other := next(_others(folder / name, target), None):
            raise RecoveryError(
                f"{other} is not the backup's: restore into an empty SERVICE_INDEX_HOME"
            )
    for name, target in trees:
        say(f"{name}: {_mirror(folder / name, target)} files")
    started = time.monotonic()
    dump.restore(dsn, folder / _DUMP)
    migrate.upgrade(dsn)
    say(f"warehouse restored ({time.monotonic() - started:.1f} s)")


def reload_landing() -> None:
    """Load everything in the landing that is not in the warehouse: into an empty one, all of it.

    Batches go through their gate; the marts follow with the next `score` or `publish`.
    """
    stages.load()
    _, failures = national.load_landed()
    national.tell_failures(failures)
    stages.gate_batches()


def _trees(settings: Settings) -> Iterator[tuple[str, Path]]:
    """The folders of files; an object store keeps its own copies."""
    landing = open_root(settings.landing_url)
    if isinstance(landing, Path):
        yield "landing", landing
    else:
        say("landing: in an object store, not part of the backup")
    yield "releases", settings.releases


def _files(root: Path) -> Iterator[Path]:
    """Relative to `root`, without what is being written (its name begins with a dot)."""
    for path in sorted(root.rglob("*")):
        relative = path.relative_to(root)
        if path.is_file() and not any(part.startswith(".") for part in relative.parts):
            yield relative


def _mirror(source: Path, target: Path) -> int:
    """Copy what is new or changed, each file whole or not at all; how many. Removes nothing."""
    copied = 0
    for relative in _files(source):
        there = target / relative
        if there.is_file() and filecmp.cmp(source / relative, there):
            continue
        there.parent.mkdir(parents=True, exist_ok=True)
        partial = there.with_name(f".{there.name}.partial")
        shutil.copy2(source / relative, partial)
        partial.replace(there)
        copied += 1
    return copied


def _others(source: Path, target: Path) -> Iterator[Path]:
    """Files of `target` that are not the same in `source`."""
    for relative in _files(target):
        same = source / relative
        if not same.is_file() or not filecmp.cmp(same, target / relative, shallow=False):
            yield target / relative
