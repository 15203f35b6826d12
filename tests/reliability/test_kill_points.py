"""Killed at every named point, run again, and the end is that of a run without any fault."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from service_index.kill_points import POINTS, STAGES, Stage
from tests.reliability.conftest import FIRST_ROUND, SECOND_ROUND, VERSIONS, Undisturbed
from tests.reliability.end_state import Reader, assert_watermark_holds, end_state, unchanged

# A point that is passed many times also in the middle: a later window, batch or dbt node.
WITHIN: dict[Stage, tuple[str, ...]] = {
    "land": ("land.before_manifest", "land.before_manifest#9", "land.after_manifest#5"),
    "load": ("load.before_commit", "load.before_commit#3", "load.after_commit#3"),
    "gate_batches": ("gate.before_commit",),
    "transform": ("dbt.after_node", "dbt.after_node#60", "dbt.after_node#130", "dbt.after_build"),
    "gate_marts": ("gate.before_commit",),
    "publish": (
        "release.before_commit",
        "release.after_commit",
        "files.before_manifest",
        "files.before_hash",
        "files.before_rename",
        "files.after_rename",
    ),
}
CASES = [
    (stage, point)
    for stage in STAGES
    for point in (f"{stage}.before", *WITHIN[stage], f"{stage}.after")
]
# Every point once: one that is passed many times, where it is furthest on.
_FURTHEST = {(stage, point.partition("#")[0]): point for stage, point in CASES}
ONCE = [(stage, point) for (stage, _), point in _FURTHEST.items()]


def test_every_point_has_its_case() -> None:
    assert {point.partition("#")[0] for points in WITHIN.values() for point in points} == set(
        POINTS
    )


@pytest.mark.fault(9, "one installation, killed at every named point in turn")
def test_killed_at_one_point_after_the_other(
    undisturbed: Undisturbed,
    pytestconfig: pytest.Config,
    record_property: Callable[[str, object], None],
) -> None:
    cases = CASES if pytestconfig.getoption("--long") else ONCE
    installation = undisturbed.installation
    steps = undisturbed.begin_before("land")
    with (
        unchanged(installation.home / "releases" / "2025-03" / "r1"),
        Reader(installation.dsn) as reader,
    ):
        for stage, step in zip(STAGES, steps, strict=True):
            for of, point in cases:
                if of == stage:
                    installation.killed_at(point, [step])
                    assert_watermark_holds(installation, VERSIONS)
            installation.finish([step])
        assert reader.assert_saw_whole_releases() == {"2025-03.r1", "2025-03.r2"}
    assert end_state(installation) == undisturbed.end
    record_property("trials", len(cases))


@pytest.mark.long
@pytest.mark.fault(9, "killed at one named point of the second round, then run again")
@pytest.mark.parametrize(("stage", "point"), CASES, ids=[point for _, point in CASES])
def test_killed_at(undisturbed: Undisturbed, stage: Stage, point: str) -> None:
    installation = undisturbed.installation
    steps = undisturbed.begin_before(stage)
    with unchanged(installation.home / "releases" / "2025-03" / "r1"):
        installation.killed_at(point, steps)
        assert_watermark_holds(installation, VERSIONS)
        installation.finish(SECOND_ROUND)
    assert end_state(installation) == undisturbed.end


@pytest.mark.long
@pytest.mark.fault(9, "killed in the first of all transforms, then run again")
@pytest.mark.parametrize("point", ["dbt.after_node#40", "dbt.after_node#200", "dbt.after_build"])
def test_killed_in_a_full_refresh(undisturbed: Undisturbed, point: str) -> None:
    installation = undisturbed.installation
    installation.go_back(undisturbed.empty)
    installation.killed_at(point, FIRST_ROUND)
    installation.finish(FIRST_ROUND)
    installation.finish(SECOND_ROUND)
    assert end_state(installation) == undisturbed.end
