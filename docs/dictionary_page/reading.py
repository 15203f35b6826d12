"""Where a relation is read: the project's own programs, and the questions of the cookbook."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable
from pathlib import Path

_NAME = re.compile(r"\b(?:marts|published)\.[a-z_]+")
_FOLDERS = ("plugins/service_index", "expectations")
_MIGRATIONS = "migrations"
_QUESTION = re.compile(r"^## (\d+)\. ", re.MULTILINE)


def programs(root: Path, names: Iterable[str]) -> dict[str, list[str]]:
    """The program files, as paths from `root`, that name a relation, by its full name."""
    known = set(names)
    found: defaultdict[str, list[str]] = defaultdict(list)
    for folder in _FOLDERS:
        for path in sorted((root / folder).rglob("*.py")):
            if _MIGRATIONS in path.parts:
                continue
            text = path.read_text(encoding="utf-8")
            for name in sorted(set(_NAME.findall(text)) & known):
                found[name].append(path.relative_to(root).as_posix())
    return found


def questions(cookbook: str) -> dict[str, list[int]]:
    """The numbers of the cookbook's questions that read a relation, by its full name."""
    _, *parts = _QUESTION.split(cookbook)
    found: defaultdict[str, list[int]] = defaultdict(list)
    for number, text in zip(parts[::2], parts[1::2], strict=True):
        for name in sorted(set(_NAME.findall(text))):
            found[name].append(int(number))
    return found
