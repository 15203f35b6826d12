"""Which province a row of the national portal is about: by its code, else by its name."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from typing import NamedTuple

from service_index.loading.converters import Refused, normalise

_TYPE = re.compile(r"(tỉnh|thành phố|tp\b\.?)\s*")
_BETWEEN_WORDS = re.compile(r"[\s\-\u2010-\u2015]+")
# Grave, acute, tilde, hook above, dot below.
_TONES = frozenset("\u0300\u0301\u0303\u0309\u0323")


class Province(NamedTuple):
    """A province as it is called on a day; the code is the statistical one."""

    code: str
    name: str


class Provinces:
    """The provinces of one day.

    Raises ValueError where two of them have the same code or the same name.
    """

    def __init__(self, provinces: Iterable[Province]) -> None:
        self._codes: set[str] = set()
        self._code_of: dict[str, str] = {}
        for code, name in provinces:
            if code in self._codes or comparable_name(name) in self._code_of:
                raise ValueError(f"two provinces of one day are {code} or {name}")
            self._codes.add(code)
            self._code_of[comparable_name(name)] = code

    def __len__(self) -> int:
        return len(self._codes)

    @property
    def codes(self) -> frozenset[str]:
        return frozenset(self._codes)

    def find(self, code: str, name: str) -> str:
        """The code of the province that a row's code and name tell.

        A code that no province has is passed over: portals also number provinces in ways of
        their own. Raises Refused when neither tells a province, or they tell two.
        """
        named = self._code_of.get(comparable_name(name))
        coded = normalise(code) if normalise(code) in self._codes else None
        if coded and named and coded != named:
            raise Refused("province_contradiction", "MA_COQUAN and TEN tell two provinces")
        found = coded or named
        if found is None:
            raise Refused("unknown_province", "neither MA_COQUAN nor TEN tells a province")
        return found


def comparable_name(name: str) -> str:
    """A province's name without its type and without what spelling leaves open.

    That is NFC or NFD, kinds and numbers of spaces and hyphens, capitals, and on which vowel of a
    syllable its tone is written (Hoà Bình, Hòa Bình).
    """
    text = _BETWEEN_WORDS.sub(" ", normalise(name).casefold()).strip()
    words = _TYPE.sub("", text, count=1) if _TYPE.match(text) else text
    return " ".join(map(_tone_last, words.split()))


def _tone_last(syllable: str) -> str:
    marks = unicodedata.normalize("NFD", syllable)
    tones = "".join(mark for mark in marks if mark in _TONES)
    return "".join(mark for mark in marks if mark not in _TONES) + tones
