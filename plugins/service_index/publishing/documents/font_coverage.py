"""Which characters the shipped font draws: an archivable PDF refuses any other."""

from __future__ import annotations

import struct
from functools import cache
from pathlib import Path
from typing import Any

REGULAR = Path(__file__).with_name("fonts") / "Tinos-Regular.ttf"
REPLACEMENT = "\ufffd"


def drawable(content: Any) -> Any:
    """`content` with every character that the font lacks, in any of its texts, replaced."""
    if isinstance(content, str):
        lacking = set(content) - characters(REGULAR) - {"\n"}
        return content.translate({ord(c): REPLACEMENT for c in lacking}) if lacking else content
    if isinstance(content, dict):
        return {key: drawable(value) for key, value in content.items()}
    if isinstance(content, list):
        return [drawable(value) for value in content]
    return content


@cache
def characters(font: Path) -> frozenset[str]:
    """The characters of a TrueType font whose character map is of format 4, as Tinos' is.

    Source: OpenType specification, table cmap. Raises ValueError for another format.
    """
    data = font.read_bytes()
    cmap = _table(data, b"cmap")
    (offset,) = struct.unpack_from(">I", data, cmap + 8)  # every encoding shares the first one's
    start = cmap + offset
    form, _, _, doubled = struct.unpack_from(">4H", data, start)
    if form != 4:
        raise ValueError(f"{font.name} has a character map of format {form}")
    count = doubled // 2
    ends = struct.unpack_from(f">{count}H", data, start + 14)
    starts = struct.unpack_from(f">{count}H", data, start + 16 + doubled)
    deltas = struct.unpack_from(f">{count}H", data, start + 16 + 2 * doubled)
    ranges_at = start + 16 + 3 * doubled
    ranges = struct.unpack_from(f">{count}H", data, ranges_at)

    def glyph(segment: int, code: int) -> int:
        found: int = code
        if ranges[segment] != 0:
            place = ranges_at + 2 * segment + ranges[segment] + 2 * (code - starts[segment])
            (found,) = struct.unpack_from(">H", data, place)
        return (found + deltas[segment]) & 0xFFFF if found else 0

    return frozenset(
        chr(code)
        for segment in range(count)
        for code in range(starts[segment], min(ends[segment], 0xFFFE) + 1)
        if glyph(segment, code)
    )


def _table(data: bytes, tag: bytes) -> int:
    """Where a table of the font begins."""
    (count,) = struct.unpack_from(">H", data, 4)
    for entry in range(12, 12 + 16 * count, 16):
        found, _, offset, _ = struct.unpack_from(">4s3I", data, entry)
        if found == tag:
            return int(offset)
    raise ValueError(f"the font has no table {tag.decode()}")
