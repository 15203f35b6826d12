"""Rounding and labels where numbers are printed."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal

import pytest

from service_index.publishing import labels
from service_index.publishing.printing import (
    local_time,
    number,
    one_line,
    percent,
)
from service_index.publishing.relations import GROUPS


@pytest.mark.parametrize(
    ("value", "places", "printed"),
    [
        ("73.04", 2, "73,04"),
        ("0.125", 2, "0,13"),  # half to even would give 0,12
        ("19.25", 1, "19,3"),  # the nearest float lies exactly between, and goes to even
        ("2.675", 2, "2,68"),  # the nearest float lies below
        ("16095.5", 0, "16.096"),
        ("1234567.891", 2, "1.234.567,89"),
        ("0", 1, "0,0"),
        ("0.1249999999999999999999999999999999", 2, "0,12"),  # more digits than the context
    ],
)
def test_number_is_rounded_half_up(value: str, places: int, printed: str) -> None:
    assert number(Decimal(value), places) == printed


@pytest.mark.parametrize(
    ("rate", "printed"),
    [
        ("0.9657", "96,57 %"),
        ("0.96565", "96,57 %"),
        ("0.965649999999999999999999999999999999", "96,56 %"),  # no rounding before the rounding
        ("1", "100,00 %"),
        ("0.00425", "0,43 %"),
    ],
)
def test_percent_is_rounded_once(rate: str, printed: str) -> None:
    assert percent(Decimal(rate)) == printed


def test_time_is_vietnams_clock() -> None:
    assert local_time(datetime.fromisoformat("2025-03-31T17:00:00+00:00")) == "00:00 01/04/2025"


def test_text_cannot_steer_a_terminal() -> None:
    assert one_line("Xã \x1b[31mA\u202e\nB") == "Xã  [31mA  B"
    assert one_line("Phường Phố Hiến") == "Phường Phố Hiến"


def test_every_group_has_a_label() -> None:
    assert set(labels.GROUPS) == set(GROUPS)
