"""The table of faults tells what is not proven, and every fault has a test that names it."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import pytest

from tests.reliability.report import FACTS, Proof, table

TESTS = Path(__file__).parents[1]
GOOD = Proof("a page is cut", "tests/integration/test_one.py::test_cut", 7, 0)


def facts(*numbers: int) -> dict[str, object]:
    faults = [{"number": n, "title": f"fault {n}", "holds": "I1"} for n in numbers]
    return {"invariants": {"I1": "Nothing is lost."}, "faults": faults}


def test_proven() -> None:
    text, all_hold = table(facts(1), {1: [GOOD]})
    assert all_hold
    assert (
        "| 1 | fault 1 | I1 | a page is cut | 7 | pass "
        "| [test_cut](../tests/integration/test_one.py) |" in text
    )


@pytest.mark.parametrize(
    ("proofs", "told"),
    [
        ({1: [GOOD]}, "| 2 | fault 2 | I1 | – | 0 | **not proven** | – |"),
        ({1: [GOOD], 2: [Proof("x", "t.py::test_x", 3, 1)]}, "| x | 3 | **1 failed** |"),
        ({1: [GOOD], 2: [Proof("x", "t.py::test_x", 0, 0, 2)]}, "| x | 0 | **2 skipped** |"),
    ],
    ids=["without a test", "with a failed one", "with skipped ones"],
)
def test_not_proven(proofs: dict[int, list[Proof]], told: str) -> None:
    text, all_hold = table(facts(1, 2), proofs)
    assert not all_hold
    assert told in text


def test_every_fault_is_named_by_a_test() -> None:
    known = {fault["number"] for fault in tomllib.loads(FACTS.read_text("utf-8"))["faults"]}
    named = {
        int(number)
        for path in TESTS.rglob("test_*.py")
        for number in re.findall(r"^@pytest\.mark\.fault\(\s*(\d+)", path.read_text("utf-8"), re.M)
    }
    assert named == known == set(range(1, 29))
