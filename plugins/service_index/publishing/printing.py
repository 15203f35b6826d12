"""How numbers and names are printed. Rounding happens here and nowhere before."""

from __future__ import annotations

import unicodedata
from datetime import datetime
from decimal import ROUND_HALF_UP, Decimal

from service_index.settings import ICT

LONGEST_NAME = 160  # the longest real unit name has some 60 letters

# Control characters, and format characters that turn the direction of what follows.
_UNPRINTABLE = {"Cc", "Cf", "Zl", "Zp"}


def number(value: Decimal, places: int) -> str:
    """Half up, with the Vietnamese separators: 16095.125 at two places is `16.095,13`."""
    rounded = value.quantize(Decimal(1).scaleb(-places), ROUND_HALF_UP)
    return f"{rounded:,f}".translate(str.maketrans(",.", ".,"))


def percent(rate: Decimal, places: int = 2) -> str:
    """A rate of 0 to 1 in percent, half up: 0.96565 is `96,57 %`."""
    # Rounded before it is multiplied, because a product may be rounded by its context first.
    return number(rate.quantize(Decimal(1).scaleb(-places - 2), ROUND_HALF_UP) * 100, places) + " %"


def local_time(instant: datetime) -> str:
    """An instant on the clock of Vietnam, `00:00 01/04/2025`."""
    return f"{instant.astimezone(ICT):%H:%M %d/%m/%Y}"


def one_line(text: str) -> str:
    """Text that cannot move a terminal's cursor or turn the writing direction."""
    return "".join(" " if unicodedata.category(c) in _UNPRINTABLE else c for c in text)
