"""A pytest plugin: collects what tests marked `fault` have proven, and writes it as a table.

`--reliability-table docs/reliability.md` writes it and fails where a fault is not proven;
`--long` adds the tests marked `long`, `--kills` sets the length of the random loop.
"""

from __future__ import annotations

import re
import tomllib
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

FACTS = Path(__file__).with_name("faults.toml")

_HEAD = """\
# Reliability: what was tried, and what held

Made by `make test-reliability`, which injects every fault below and fails when something does not
hold; do not edit. The smaller instance of the same tests is part of `make test`. A trial is one
test, or one kill of a loop.

"""


@dataclass(frozen=True)
class Proof:
    """What one test, with all its parameters, says of one fault."""

    injected: str
    test: str
    trials: int
    failed: int
    skipped: int = 0


def pytest_addoption(parser: pytest.Parser) -> None:
    group = parser.getgroup("reliability")
    group.addoption("--reliability-table", type=Path, help="write the table of faults here")
    group.addoption("--long", action="store_true", help="run what is marked `long`, too")
    group.addoption("--nights", type=int, help="scheduled nights (7; with --long 30)")
    group.addoption("--kills", type=int, default=2, help="kills of the random loop")


def pytest_configure(config: pytest.Config) -> None:
    path = config.getoption("--reliability-table")
    # With several workers, the outcomes come together where they were started from.
    if path is not None and not hasattr(config, "workerinput"):
        config.pluginmanager.register(_Table(path), "reliability-table")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    if not config.getoption("--long"):
        long = [item for item in items if item.get_closest_marker("long")]
        items[:] = [item for item in items if item not in long]
        config.hook.pytest_deselected(items=long)
    for item in items:
        for mark in item.iter_markers("fault"):
            if re.search(mark.kwargs.get("cases", ""), item.name.partition("[")[2]):
                number, injected = mark.args
                item.user_properties.append(("fault", (number, injected)))


class _Table:
    """The outcomes of a run, by fault."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._outcomes: dict[tuple[int, str, str], list[tuple[str, int]]] = defaultdict(list)

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        if report.when != "call" and report.passed:
            return
        told: dict[str, Any] = dict(report.user_properties)
        test = report.nodeid.partition("[")[0]
        proven: list[Any] = [value for name, value in report.user_properties if name == "fault"]
        for number, injected in proven:
            trials = 0 if report.skipped else int(told.get("trials", 1))
            self._outcomes[number, injected, test].append((report.outcome, trials))

    @pytest.hookimpl(trylast=True)
    def pytest_sessionfinish(self, session: pytest.Session) -> None:
        proofs: dict[int, list[Proof]] = defaultdict(list)
        for (number, injected, test), outcomes in sorted(self._outcomes.items()):
            trials = sum(count for _, count in outcomes)
            how = Counter(outcome for outcome, _ in outcomes)
            proof = Proof(injected, test, trials, how["failed"], how["skipped"])
            proofs[number].append(proof)
        text, all_hold = table(tomllib.loads(FACTS.read_text(encoding="utf-8")), proofs)
        self._path.write_text(text, encoding="utf-8")
        if not all_hold:
            session.exitstatus = pytest.ExitCode.TESTS_FAILED

    def pytest_terminal_summary(self, terminalreporter: Any) -> None:
        for line in self._path.read_text(encoding="utf-8").splitlines():
            if "**" in line:
                terminalreporter.write_line(f"reliability: {line}")
        terminalreporter.write_line(f"reliability: {self._path}")


def table(facts: Mapping[str, Any], proofs: Mapping[int, Iterable[Proof]]) -> tuple[str, bool]:
    """The page, and whether every fault is proven to do no harm."""
    lines = [f"- **{name}** {text}" for name, text in facts["invariants"].items()]
    lines += [
        "",
        "| # | Fault | Must hold | Injected | Trials | Result | Test |",
        "|---|---|---|---|---:|---|---|",
    ]
    all_hold = True
    for fault in facts["faults"]:
        head = [str(fault["number"]), fault["title"], fault["holds"]]
        rows = [_cells(proof) for proof in proofs.get(fault["number"], ())]
        all_hold = all_hold and bool(rows) and all(row[2] == "pass" for row in rows)
        for row in rows or [["–", "0", "**not proven**", "–"]]:
            lines.append(f"| {' | '.join(_escaped(cell) for cell in (*head, *row))} |")
            head = ["", "", ""]
    return _HEAD + "\n".join(lines) + "\n", all_hold


def _cells(proof: Proof) -> list[str]:
    wrong = [
        f"**{n} {what}**" for n, what in ((proof.failed, "failed"), (proof.skipped, "skipped")) if n
    ]
    result = ", ".join(wrong) or "pass"
    path, _, name = proof.test.rpartition("::")
    return [proof.injected, f"{proof.trials:,}", result, f"[{name}](../{path})"]


def _escaped(cell: str) -> str:
    return cell.replace("|", "\\|")
