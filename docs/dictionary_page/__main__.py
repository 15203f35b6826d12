"""The command: see the package."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg

from docs.dictionary_page.marts import parse, read_marts
from docs.dictionary_page.page import PAGE, ROOT, build
from docs.dictionary_page.published import read_published
from service_index.warehouse import embedded, migrate


def main() -> None:
    """Write the page."""
    with _migrated_database() as dsn, psycopg.connect(dsn) as connection:
        page = build(ROOT, read_marts(parse(ROOT / "dbt_project")), read_published(connection))
    PAGE.write_text(page, encoding="utf-8")


@contextmanager
def _migrated_database() -> Iterator[str]:
    # Not in a folder of the project: a Unix socket's path may have 107 bytes at most.
    home = Path(tempfile.mkdtemp(prefix="si-"))
    home.chmod(0o755)  # the server runs as a user of its own
    try:
        dsn = embedded.database_dsn(home, "dictionary")
        migrate.upgrade(dsn)
        yield dsn
    finally:
        embedded.stop(home)
        shutil.rmtree(home, ignore_errors=True)


if __name__ == "__main__":
    main()
