"""The page of a campaign: the score of each room, and what is known of its survivors."""

from __future__ import annotations

import tomllib
from collections import Counter
from collections.abc import Mapping
from importlib.metadata import version
from pathlib import Path

from tests.mutation.bench import Verdict
from tests.mutation.mutants import Mutant
from tests.mutation.rooms import Room

_SURVIVORS = Path(__file__).with_name("survivors.toml")

_HEAD = """\
# Mutation testing: do the tests bite?

Made by `make test-mutation`; do not edit. A mutant is one line of the program, changed in one
place (`<=` to `<`, `distinct` dropped, a call left out). It is killed when a test fails, or when it
hangs; one that is no SQL or no Python is invalid and does not count. A survivor is either
equivalent, so that no test can tell it from the program, or something that no test looks at.
How it is done: [decision 0016](decisions/0016-mutation-testing.md).

Rules: `tests/mutation/*.rules`, applied by universalmutator {tool}. A sample of
each room's mutants, one of a line before a second one, is drawn with seed {seed}.

"""

_COLUMNS = (
    "room",
    "mutants",
    "invalid",
    "viable",
    "killed",
    "of them by time-out",
    "survived",
    "of them equivalent",
    "killed / viable",
    "killed / not equivalent",
)

Judged = Mapping[Room, Mapping[Mutant, Verdict | None]]


def text(judged: Judged, seed: int) -> str:
    known = _known()
    page = _HEAD.format(tool=version("universalmutator"), seed=seed)
    page += f"| {' | '.join(_COLUMNS)} |\n|---|{'---:|' * (len(_COLUMNS) - 1)}\n"
    for room, verdicts in judged.items():
        page += _row(room, verdicts, known)
    for room, verdicts in judged.items():
        survivors = [m for m, v in verdicts.items() if v and v.outcome == "survived"]
        page += f"\n## {room.name.capitalize()}: survivors\n"
        for mutant in sorted(survivors, key=lambda m: (m.path, m.number, m.after)):
            kind, why = known.get(_place(mutant), ("unknown", "nobody has looked at it yet"))
            page += f"\n**{kind}**: {why}\n\n```diff\n{_indented(mutant)}\n```\n"
    return page


def _row(
    room: Room,
    verdicts: Mapping[Mutant, Verdict | None],
    known: Mapping[tuple[str, ...], tuple[str, str]],
) -> str:
    count = Counter(verdict.outcome for verdict in verdicts.values() if verdict)
    survived = [m for m, v in verdicts.items() if v and v.outcome == "survived"]
    equivalent = sum(known.get(_place(m), ("", ""))[0] == "equivalent" for m in survived)
    killed = count["killed"] + count["timed out"]
    viable = killed + len(survived)
    cells = (
        f"**{room.name}**: {room.about}",
        len(verdicts),
        count["invalid"],
        viable,
        killed,
        count["timed out"],
        len(survived),
        equivalent,
        _share(killed, viable),
        _share(killed, viable - equivalent),
    )
    return f"| {' | '.join(map(str, cells))} |\n"


def _share(part: int, whole: int) -> str:
    return f"{100 * part / whole:.1f} %" if whole else "–"


def _known() -> dict[tuple[str, ...], tuple[str, str]]:
    """What somebody has found out, by path, line before and line after."""
    told = tomllib.loads(_SURVIVORS.read_text(encoding="utf-8")).get("survivors", [])
    return {(s["path"], s["before"], s["after"]): (s["kind"], s["why"]) for s in told}


def _place(mutant: Mutant) -> tuple[str, ...]:
    return (mutant.path, mutant.before.strip(), mutant.after.strip())


def _indented(mutant: Mutant) -> str:
    return mutant.diff.replace(f"{mutant.path}:{mutant.number}", f"# {mutant.path}", 1)
