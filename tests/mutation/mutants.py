"""Mutants of source files: made by universalmutator's rules, and drawn by a seed."""

from __future__ import annotations

import contextlib
import hashlib
import io
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from random import Random

from universalmutator import mutator

from tests.mutation import python_parts, sql_parts
from tests.mutation.rooms import Room

RULES = Path(__file__).parent


@dataclass(frozen=True)
class Mutant:
    """One line of a file, changed. `number` counts lines from 1."""

    path: str
    number: int
    before: str
    after: str

    @property
    def key(self) -> str:
        """Names it among all."""
        told = "\0".join((self.path, str(self.number), self.before, self.after))
        return hashlib.sha256(told.encode()).hexdigest()[:12]

    @property
    def diff(self) -> str:
        return f"{self.path}:{self.number}\n- {self.before.strip()}\n+ {self.after.strip()}"

    def applied_to(self, text: str) -> str:
        """The file's text with this change in it; the file is the one that it was made of."""
        lines = text.splitlines(keepends=True)
        assert lines[self.number - 1].rstrip("\n") == self.before, f"{self.path} has changed"
        lines[self.number - 1] = f"{self.after}\n"
        return "".join(lines)


def of_room(room: Room, root: Path) -> list[Mutant]:
    """All mutants of a room's files that its rules make."""
    return [mutant for path in room.paths(root) for mutant in of_file(room, root, path)]


def of_file(room: Room, root: Path, path: str) -> list[Mutant]:
    """All mutants of one file that the rules make; some may not parse, or be the same program."""
    text = (root / path).read_text(encoding="utf-8")
    lines = text.splitlines()
    made = _by_rules(path, lines, room.rules)
    if path.endswith(".sql"):
        untouched = sql_parts.not_sql(text)
        return [mutant for mutant in made if not sql_parts.touches(mutant, untouched)]
    statements = python_parts.lines_of_sql(text)
    code = [mutant for mutant in made if mutant.number not in statements]
    sql = _by_rules(path, lines, room.sql_rules)
    return code + [mutant for mutant in sql if mutant.number in statements]


def draw(mutants: Sequence[Mutant], count: int, seed: int, root: Path) -> list[Mutant]:
    """Some of the mutants: one of each line, in an order that the seed gives, before a second one
    of any line. What is no other program is passed over."""
    shuffled = sorted(mutants, key=lambda mutant: mutant.key)
    Random(seed).shuffle(shuffled)
    of_line: Counter[tuple[str, int]] = Counter()
    rounds: dict[str, int] = {}
    for mutant in shuffled:
        rounds[mutant.key] = of_line[mutant.path, mutant.number]
        of_line[mutant.path, mutant.number] += 1
    shuffled.sort(key=lambda mutant: rounds[mutant.key])
    return list(islice((mutant for mutant in shuffled if _is_another(mutant, root)), count))


def _is_another(mutant: Mutant, root: Path) -> bool:
    text = (root / mutant.path).read_text(encoding="utf-8")
    return mutant.path.endswith(".sql") or python_parts.is_another_program(
        text, mutant.applied_to(text)
    )


def _by_rules(path: str, lines: Sequence[str], rules: Iterable[str]) -> list[Mutant]:
    # The tool tells what it does on standard output, of own rule files that they are not built in.
    own = [str(RULES / name) if (RULES / name).is_file() else name for name in rules]
    with contextlib.redirect_stdout(io.StringIO()):
        made = mutator.mutants_regexp([f"{line}\n" for line in lines], own, ignorePatterns=[])
    return [
        Mutant(path, number, lines[number - 1], changed.rstrip("\n"))
        for number, changed, *_ in made
        if "\n" not in changed.rstrip("\n")
    ]
