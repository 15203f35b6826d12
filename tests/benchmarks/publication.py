"""How long all files of one month take: tables, workbook, letter, annex, pages, manifest.

Lays out a published month of an installation (SERVICE_INDEX_HOME; `make demo` makes one) into a
temporary folder, some times over. The first time pays for the imports, as a publication does.

    python -m tests.benchmarks.publication [MONTH]
"""

from __future__ import annotations

import sys
import tempfile
import time
from pathlib import Path

from service_index.orchestration.stages import open_warehouse
from service_index.publishing.current import current_edition

ROUNDS = 3
BUDGET_SECONDS = 30


def main(month: str = "2025-08") -> int:
    """Print seconds a round; exit status 1 when one takes longer than the budget."""
    slowest = 0.0
    with open_warehouse() as (connection, _, _):
        edition = current_edition(connection, "monthly", month)
        connection.commit()
        if edition is None:
            print(f"{month} is not published here: run `make demo` first")
            return 1
        for number in range(1, ROUNDS + 1):
            with tempfile.TemporaryDirectory() as folder:
                started = time.perf_counter()
                from service_index.publishing.folder import ensure_files

                made = ensure_files(connection, edition.release_id, Path(folder))
                seconds = time.perf_counter() - started
                count = sum(path.is_file() for path in made.rglob("*"))
            print(f"{edition.release_id}, round {number}: {seconds:.1f} s, {count} files")
            slowest = max(slowest, seconds)
    print(f"slowest {slowest:.1f} s, budget {BUDGET_SECONDS} s")
    return int(slowest > BUDGET_SECONDS)


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
