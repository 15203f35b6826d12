"""The rooms of the campaign, as campaign.toml has them."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from pathlib import Path

_CAMPAIGN = Path(__file__).with_name("campaign.toml")


@dataclass(frozen=True)
class Room:
    """A part of the program with a score of its own.

    judge       dbt or pytest
    sample      how many mutants are drawn, unless the command says
    rules       rule files, of this folder or universalmutator's own
    sql_rules   rule files for the SQL inside Python
    seconds     after which a mutant counts as killed because it hangs
    tests       for pytest: what is run, until a test fails; `without` those of such names
    provinces   for dbt: the seeds of the provinces that the oracle calculates
    """

    name: str
    about: str
    judge: str
    sample: int
    rules: tuple[str, ...]
    files: tuple[str, ...]
    seconds: int
    sql_rules: tuple[str, ...] = ()
    tests: tuple[str, ...] = ()
    without: str = ""
    provinces: tuple[int, ...] = ()

    def paths(self, root: Path) -> list[str]:
        """The files, by their paths below `root`; every pattern finds one."""
        found: list[str] = []
        for pattern in self.files:
            matching = sorted(str(path.relative_to(root)) for path in root.glob(pattern))
            assert matching, f"no file is {pattern}"
            found += matching
        return found


def read() -> list[Room]:
    rooms = tomllib.loads(_CAMPAIGN.read_text(encoding="utf-8"))["rooms"]
    return [
        Room(
            **{key: tuple(value) if isinstance(value, list) else value for key, value in r.items()}
        )
        for r in rooms
    ]
