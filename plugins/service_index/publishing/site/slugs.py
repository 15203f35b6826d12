"""File names for codes: safe in any file system and on the web, a different one for each code."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable

_PLAIN = re.compile(r"[a-z0-9]([a-z0-9-]{0,58}[a-z0-9])?")
# Names that Windows keeps for devices, whatever their suffix.
_DEVICES = re.compile(r"con|prn|aux|nul|(com|lpt)[0-9]")


def slug(code: str) -> str:
    """A code of small letters, digits and inner hyphens as it is, else with its hash behind it.

    `11953` is `11953`, `H31.01` is `h31-01_` and twelve digits of its SHA-256. The underscore
    keeps the two kinds apart, so that no code can pass itself off as another one's hash.
    """
    if _PLAIN.fullmatch(code) and not _DEVICES.fullmatch(code):
        return code
    readable = re.sub(r"[^a-z0-9]+", "-", code.lower()).strip("-")[:40]
    return f"{readable}_{hashlib.sha256(code.encode()).hexdigest()[:12]}"


def pages(folder: str, codes: Iterable[str]) -> dict[str, str]:
    """The page of each code, as a path from the site's root."""
    return {code: f"{folder}/{slug(code)}.html" for code in codes}
