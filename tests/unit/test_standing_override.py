"""When the word that let a failure pass covers the next one."""

from __future__ import annotations

import pytest

from service_index.quality.results import is_no_worse

EARLIER = (
    "payments 2025-08-12 short by 60 %",
    "P1 criterion 07 by 40 points",
    "X3 since 2025-08-01",
)


@pytest.mark.parametrize(
    ("names", "covered"),
    [
        (EARLIER, True),
        (EARLIER[1:], True),
        (("payments 2025-08-12 short by 50 %", "P1 criterion 07 by 30 points"), True),
        (("payments 2025-08-12 short by 70 %",), False),
        (("payments 2025-08-12 short by 100 %",), False),
        (("P1 criterion 07 by 50 points",), False),
        (("payments 2025-08-13 short by 60 %",), False),
        (("X3 since 2025-08-04",), False),
    ],
    ids=["same", "one less", "better", "worse", "nothing", "points", "other day", "other silence"],
)
def test_a_word_covers_what_is_no_worse(names: tuple[str, ...], covered: bool) -> None:
    assert is_no_worse(names, EARLIER) is covered


def test_a_word_given_without_an_extent_covers_none() -> None:
    assert not is_no_worse(["P1 criterion 07 by 30 points"], ["P1 criterion 07"])
