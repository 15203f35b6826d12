"""The command: see the package."""

from __future__ import annotations

import argparse
from pathlib import Path

from docs.criteria_page import examples
from docs.criteria_page.page import build

DOCS = Path(__file__).resolve().parents[1]
PROJECT = DOCS.parent / "dbt_project"
PAGE = DOCS / "criteria.md"
EXAMPLES = DOCS / "criteria_examples.csv"


def main() -> None:
    """Write the page, and before it the examples where a warehouse is named."""
    parser = argparse.ArgumentParser(prog="python -m docs.criteria_page", description=__doc__)
    parser.add_argument(
        "--examples-from", metavar="DSN", help="a warehouse that has scored the sample's month"
    )
    dsn = parser.parse_args().examples_from
    if dsn:
        examples.write_examples(EXAMPLES, examples.fetch_examples(dsn))
    PAGE.write_text(build(PROJECT, examples.read_examples(EXAMPLES), PAGE), encoding="utf-8")


if __name__ == "__main__":
    main()
