"""Which parts of a dbt file are no SQL: comments, Jinja's statements, a model's configuration."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tests.mutation.mutants import Mutant

# What stands in `{{ }}` is mostly SQL, as an argument or a macro's name; not so the configuration,
# which holds hooks and keys, and conditions of the template.
_NOT_SQL = re.compile(
    r"\{#.*?#\}"
    r"|\{%.*?%\}"
    r"|\{\{-?\s*(?:return\(config|config|measure_model_config)\(.*?\)\s*-?\}\}"
    r"|\bif not loop\.last"
    r"|--[^\n]*",
    re.DOTALL,
)

Span = tuple[int, int]


def not_sql(text: str) -> dict[int, list[Span]]:
    """For each line number the columns that are no SQL."""
    spans: dict[int, list[Span]] = {}
    begins = 0
    matches = [match.span() for match in _NOT_SQL.finditer(text)]
    for number, line in enumerate(text.splitlines(keepends=True), start=1):
        spans[number] = [
            (max(start, begins) - begins, min(end, begins + len(line)) - begins)
            for start, end in matches
            if start < begins + len(line) and begins < end
        ]
        begins += len(line)
    return spans


def touches(mutant: Mutant, spans: dict[int, list[Span]]) -> bool:
    """Whether the change reaches into any of the spans."""
    first = _same(mutant.before, mutant.after)
    same_end = _same(mutant.before[first:][::-1], mutant.after[first:][::-1])
    last = max(len(mutant.before) - same_end, first + 1)
    return any(start < last and first < end for start, end in spans[mutant.number])


def _same(one: str, other: str) -> int:
    """How many characters both begin with."""
    pairs = zip(one, other, strict=False)
    return next((at for at, (a, b) in enumerate(pairs) if a != b), min(len(one), len(other)))
