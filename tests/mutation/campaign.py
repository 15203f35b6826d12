"""A campaign of mutation testing: `python -m tests.mutation.campaign`, or `make test-mutation`.

A seeded sample of each room's mutants is judged one by one. What was judged is kept in
`.mutation/`, and a campaign that was broken off goes on from there: a mutant that was killed stays
dead as long as its file is what it was; one that survived is judged again once anything has
changed, for a new test may kill it.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import signal
import sys
import time
from dataclasses import asdict, dataclass
from pathlib import Path

from tests.mutation import mutants, page, python_parts, rooms
from tests.mutation.bench import ROOT, Bench, Job, Verdict, open_bench, tracked_files
from tests.mutation.judge_dbt import UnitTests
from tests.mutation.judge_pytest import PytestRun
from tests.mutation.mutants import Mutant
from tests.mutation.provinces import MakeProvince
from tests.mutation.rooms import Room
from tests.warehouses import throw_away_server

_STATE = ROOT / ".mutation"
_PREPARATION_SECONDS = 900
_JUDGED_BY = ("dbt_project/", "plugins/", "simulator/", "tests/")


@dataclass(frozen=True)
class Options:
    sample: int | None
    seed: int
    room: str | None
    page: Path


class Kept:
    """The verdicts so far, in a file that is only appended to."""

    def __init__(self, file: Path) -> None:
        self._file = file
        file.parent.mkdir(exist_ok=True)
        lines = file.read_text(encoding="utf-8").splitlines() if file.exists() else []
        self._entries = {entry["key"]: entry for entry in map(json.loads, lines)}
        of_judges = [n for n in tracked_files() if n.startswith(_JUDGED_BY)]
        own = [name for name in of_judges if not name.startswith("tests/mutation/")]
        self._judges = _digest(*(ROOT / name for name in own))

    def verdict(self, mutant: Mutant) -> Verdict | None:
        """The one that still stands."""
        entry = self._entries.get(mutant.key)
        if entry is None or entry["file"] != _digest(ROOT / mutant.path):
            return None
        if entry["outcome"] == "survived" and entry["judges"] != self._judges:
            return None
        return Verdict(entry["outcome"], entry["by"])

    def keep(self, mutant: Mutant, verdict: Verdict) -> None:
        entry = asdict(verdict) | {
            "key": mutant.key,
            "diff": mutant.diff,
            "file": _digest(ROOT / mutant.path),
            "judges": self._judges,
        }
        self._entries[mutant.key] = entry
        with self._file.open("a", encoding="utf-8") as stream:
            stream.write(json.dumps(entry, ensure_ascii=False) + "\n")


def main() -> None:
    options = _options()
    # However it is broken off, the server and the copy go.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit("broken off"))
    kept = Kept(_STATE / "verdicts.jsonl")
    drawn = {
        room: mutants.draw(
            mutants.of_room(room, ROOT), options.sample or room.sample, options.seed, ROOT
        )
        for room in rooms.read()
    }
    with throw_away_server() as server_dsn, open_bench(server_dsn) as bench:
        for room, sample in drawn.items():
            if options.room in {None, room.name}:
                _judge_room(bench, room, sample, kept)
    judged = {room: {m: kept.verdict(m) for m in sample} for room, sample in drawn.items()}
    if all(verdict for verdicts in judged.values() for verdict in verdicts.values()):
        text = page.text(judged, options.seed)
        options.page.write_text(text, encoding="utf-8")
        print(f"written: {options.page}")


def _options() -> Options:
    parser = argparse.ArgumentParser(prog="tests.mutation.campaign", description=__doc__)
    parser.add_argument("--sample", type=int, help="how many mutants of each room")
    parser.add_argument("--seed", type=int, default=766, help="which ones")
    names = [room.name for room in rooms.read()]
    parser.add_argument("--room", choices=names, help="of this room alone")
    parser.add_argument("--page", type=Path, default=ROOT / "docs" / "mutation.md")
    return Options(**vars(parser.parse_args()))


def _judge_room(bench: Bench, room: Room, sample: list[Mutant], kept: Kept) -> None:
    waiting = [mutant for mutant in sample if kept.verdict(mutant) is None]
    print(f"{room.name}: {len(sample)} mutants, {len(waiting)} to be judged", flush=True)
    if not waiting:
        return
    _prepare(bench, room, waiting[0])
    began = time.monotonic()
    for number, mutant in enumerate(waiting, start=1):
        with bench.mutated(mutant):
            verdict = bench.judge(_job(bench, room, mutant), room.seconds)
        kept.keep(mutant, verdict)
        left = (time.monotonic() - began) / number * (len(waiting) - number)
        told = f"{number}/{len(waiting)} {verdict.outcome}: {mutant.path}:{mutant.number}"
        print(f"{told} ({verdict.by}); {left / 60:.0f} min left", flush=True)
        if verdict.outcome == "survived":
            print(mutant.diff, flush=True)


def _prepare(bench: Bench, room: Room, any_mutant: Mutant) -> None:
    """Make the provinces; and without a mutant, every judge is content."""
    for seed in room.provinces:
        bench.judge(MakeProvince(bench.server_dsn, seed), _PREPARATION_SECONDS)
        print(f"province {seed} is made", flush=True)
    verdict = bench.judge(_job(bench, room, any_mutant), _PREPARATION_SECONDS)
    if verdict.outcome != "survived":
        sys.exit(f"the tests fail without any mutant: {verdict}; see {bench.log}")


def _job(bench: Bench, room: Room, mutant: Mutant) -> Job:
    if room.judge == "dbt":
        return UnitTests(bench.server_dsn, mutant.path, mutant.number, room.provinces)
    statements = python_parts.lines_of_sql((ROOT / mutant.path).read_text(encoding="utf-8"))
    of_sql = mutant.number in statements
    return PytestRun(bench.server_dsn, room.tests, room.without, of_sql)


def _digest(*files: Path) -> str:
    told = hashlib.sha256()
    for file in files:
        told.update(hashlib.sha256(file.read_bytes()).digest())
    return told.hexdigest()


if __name__ == "__main__":
    main()
