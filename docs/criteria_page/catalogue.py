"""The seeds and the dbt descriptions, as they lie in the project's files."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import yaml

Row = dict[str, str]


@dataclass(frozen=True)
class Documented:
    """A seed or model: where its file lies, and what dbt says about it and its columns."""

    path: Path
    description: str
    columns: dict[str, str]


def read_csv(path: Path) -> list[Row]:
    """The rows of a CSV file; every value is text, an empty one means none."""
    with path.open(encoding="utf-8", newline="") as lines:
        return list(csv.DictReader(lines))


def read_seed(project: Path, name: str) -> list[Row]:
    """The rows of a seed in their order."""
    return read_csv(project / "seeds" / f"{name}.csv")


def latest(rows: Iterable[Row], *key: str) -> list[Row]:
    """Of the dated rows of each key the one that begins last, in the order of the file."""
    found: dict[tuple[str, ...], Row] = {}
    for row in rows:
        code = tuple(row[column] for column in key)
        if code not in found or found[code]["valid_from"] < row["valid_from"]:
            found[code] = row
    return list(found.values())


def valid_on(rows: Iterable[Row], day: date) -> Iterator[Row]:
    """The dated rows that hold on a day; both ends are inclusive, an empty end is open."""
    for row in rows:
        if row["valid_from"] <= day.isoformat() <= (row["valid_to"] or "9999-12-31"):
            yield row


def read_documentation(project: Path) -> dict[str, Documented]:
    """Every seed and model that has a description, by name."""
    files = {path.stem: path for path in sorted(project.rglob("*.sql"))}
    files |= {path.stem: path for path in sorted(project.glob("seeds/**/*.csv"))}
    documented: dict[str, Documented] = {}
    for path in sorted([*project.glob("models/**/*.yml"), *project.glob("seeds/**/*.yml")]):
        # the loader in C, for the pure one takes seconds
        content = yaml.load(path.read_bytes(), Loader=yaml.CSafeLoader) or {}
        for node in [*content.get("models", []), *content.get("seeds", [])]:
            if node["name"] in files:
                documented[node["name"]] = _documented(files[node["name"]], node)
    return documented


def _documented(path: Path, node: dict[str, Any]) -> Documented:
    columns = {
        column["name"]: _english(column["description"])
        for column in node.get("columns", [])
        if column.get("description")
    }
    return Documented(path, _english(node.get("description", "")), columns)


def _english(description: str) -> str:
    """The marts are described in two languages, the page in English."""
    return " ".join(description.split()).split(" — ")[0]
