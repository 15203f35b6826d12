"""What docs/data-dictionary.md tells of each relation, read from the page itself."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

_SECTION = re.compile(r"^### `([a-z_.]+)`\n(.+?)(?=^<a id=|\Z)", re.MULTILINE | re.DOTALL)
_KEY = re.compile(r"^- \*\*Key:\*\* (.+)$", re.MULTILINE)
_COLUMN = re.compile(r"^\| (?:\*\*)?`(\w+)`(?:\*\*)? \| (\w+) \|", re.MULTILINE)


@dataclass(frozen=True)
class Told:
    """Names of the key's columns, and the type of every column."""

    key: list[str]
    types: dict[str, str]


def told_relations(page: str) -> Iterator[tuple[str, Told]]:
    """Every relation of the page by its full name."""
    for name, section in _SECTION.findall(page):
        (key,) = _KEY.findall(section)
        yield name, Told(re.findall(r"`(\w+)`", key), dict(_COLUMN.findall(section)))
