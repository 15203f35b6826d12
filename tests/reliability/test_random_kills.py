"""Killed again and again at random instants, a reader watching: nothing lost, nothing doubled.

A life begins with an empty warehouse and ends with both rounds published. Each of its stages is
killed a few times somewhere on the way, then run to its end; after some of the kills everything
is run again from the window's fetching on, as a person would, and not from the stage, as Airflow
does.
"""

from __future__ import annotations

import random
import time
from collections import Counter
from collections.abc import Callable

import pytest

from service_index.kill_points import STAGES
from tests.reliability.conftest import FIRST_ROUND, SECOND_ROUND, VERSIONS, Undisturbed
from tests.reliability.end_state import Reader, assert_watermark_holds, end_state
from tests.reliability.installation import Installation
from tests.reliability.stage_process import Step

SEED = 766
MOST_KILLS_OF_A_STAGE = 4
FROM_THE_START = 0.2


class Killer:
    """Runs stages and kills them, by one seeded sequence of draws."""

    def __init__(self, installation: Installation, kills: int) -> None:
        self._installation = installation
        self._draw = random.Random(SEED)
        self._wanted = kills
        # A few kills are spread over the stages, or the first would have them all.
        self._most_of_a_stage = min(MOST_KILLS_OF_A_STAGE, 1 + kills // len(STAGES))
        # How long a stage takes, as it was seen last; an instant is drawn from this.
        self._seconds: dict[str, float] = dict.fromkeys(STAGES, 2.0)
        self.kills: Counter[str] = Counter()

    @property
    def is_done(self) -> bool:
        return self.kills.total() >= self._wanted

    def run(self, steps: tuple[Step, ...]) -> None:
        """A round, each stage killed none to several times before it may end."""
        for number, step in enumerate(steps):
            for _ in range(self._draw.randint(0, self._most_of_a_stage)):
                if self.is_done:
                    break
                again = steps if self._draw.random() < FROM_THE_START else steps[number:]
                self._kill_within(step[0], again[: again.index(step) + 1])
                assert_watermark_holds(self._installation, VERSIONS)
            self._finish(step)

    def _kill_within(self, stage: str, steps: tuple[Step, ...]) -> None:
        share = self._draw.random()
        run = self._installation.start(steps)
        assert run.wait_for_step(stage), run.last_line
        run.wait(share * self._seconds[stage])
        status = run.kill()
        assert status in {0, -9}, run.last_line
        self.kills[stage] += status == -9

    def _finish(self, step: Step) -> None:
        began = time.monotonic()
        self._installation.finish([step])
        self._seconds[step[0]] = time.monotonic() - began


@pytest.mark.fault(
    9, "killed at random instants from an empty warehouse on, a reader polling all the while"
)
def test_killed_at_random(
    undisturbed: Undisturbed,
    pytestconfig: pytest.Config,
    record_property: Callable[[str, object], None],
) -> None:
    installation = undisturbed.installation
    killer = Killer(installation, pytestconfig.getoption("--kills"))
    while not killer.is_done:
        installation.go_back(undisturbed.empty)
        with Reader(installation.dsn) as reader:
            killer.run(FIRST_ROUND)
            killer.run(SECOND_ROUND)
            assert reader.assert_saw_whole_releases() == {"2025-03.r1", "2025-03.r2"}
            assert reader.readings > 0
        assert end_state(installation) == undisturbed.end
    print(f"kills by stage: {dict(killer.kills)}")
    record_property("trials", killer.kills.total())
