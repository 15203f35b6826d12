"""Judges the national portal's rows of one month: typed scores, or a refusal with its reason."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from decimal import Decimal
from hashlib import blake2b
from typing import NamedTuple

import msgspec

from service_index.landing.store import LandedRecord
from service_index.loading.catalogue import NationalCatalogue
from service_index.loading.converters import Refused, normalise
from service_index.loading.provinces import Provinces
from service_index.loading.reader import MAX_RECORD_BYTES

# The portal's columns of points, which raw.national_scores has in lower case.
SCORE_FIELDS = ("CKMB", "TDGQ", "CLGQ", "TTTT", "MDHL", "MDSH", "TONG_SCORE")

# Where a person mends which column is which group.
MAPPING_SEED = "dbt_project/seeds/national_portal_columns.csv"

# No sign, and no separator of thousands: a score has three digits at most before its point or
# comma, so `1.234,56` is none.
_SCORE = re.compile(r"(\d{1,3})(?:[.,](\d{1,20}))?", re.ASCII)
_RANK = re.compile(r"[1-9]\d{0,3}", re.ASCII)

_decode = msgspec.json.Decoder(dict[str, msgspec.Raw]).decode


class MappingError(Exception):
    """A column shows more points than its group can have: it is another group's column."""


@dataclass(frozen=True)
class NationalRow:
    """A good row: a province's rank and points, in the order of SCORE_FIELDS."""

    record: LandedRecord
    province_code: str
    rank: int
    scores: tuple[Decimal, ...]

    @property
    def content_hash(self) -> str:
        """Over the numbers, so that 9.3, 9,30 and another spelling of the name are no news."""
        numbers = (Decimal(self.rank), *self.scores)
        content = "\t".join(f"{number.normalize():f}" for number in numbers)
        return blake2b(content.encode(), digest_size=16).hexdigest()


class NationalRefusal(NamedTuple):
    """A row that is set aside; `province_code` where it could still be told."""

    record: LandedRecord
    province_code: str | None
    rule: str
    reason: str


@dataclass
class Judged:
    """A landing's rows: `rows` one a province; `duplicates` counts exact repeats of them."""

    rows: list[NationalRow] = field(default_factory=list)
    refusals: list[NationalRefusal] = field(default_factory=list)
    duplicates: int = 0

    @property
    def delivered(self) -> int:
        return len(self.rows) + len(self.refusals) + self.duplicates


def judge(records: Iterable[LandedRecord], catalogue: NationalCatalogue) -> Judged:
    """Judge the rows of one landing.

    Rows of one province that differ are all refused: which of them holds cannot be told, and
    taking one would make the order of delivery decide. Raises MappingError.
    """
    judged = Judged()
    of_province: dict[str, list[NationalRow]] = {}
    for record in records:
        row = _read(record, catalogue.provinces)
        if isinstance(row, NationalRefusal):
            judged.refusals.append(row)
        else:
            _hold_against_maxima(row, catalogue)
            of_province.setdefault(row.province_code, []).append(row)
    for rows in of_province.values():
        if len({row.content_hash for row in rows}) == 1:
            judged.rows.append(rows[0])
            judged.duplicates += len(rows) - 1
        else:
            judged.refusals += [_contradiction(row) for row in rows]
    return judged


def _contradiction(row: NationalRow) -> NationalRefusal:
    return NationalRefusal(
        row.record,
        row.province_code,
        "duplicate_province",
        "the month holds its province more than once, with different numbers",
    )


def _read(record: LandedRecord, provinces: Provinces) -> NationalRow | NationalRefusal:
    """The row, or why not."""
    province_code: str | None = None
    try:
        fields = _fields(record.body)
        province_code = provinces.find(_text(fields, "MA_COQUAN"), _text(fields, "TEN"))
        rank = _rank(_text(fields, "ROW_STT"))
        scores = tuple(_score(_text(fields, name), name) for name in SCORE_FIELDS)
    except Refused as refused:
        return NationalRefusal(record, province_code, refused.rule, refused.reason)
    return NationalRow(record, province_code, rank, scores)


def _fields(body: bytes) -> dict[str, msgspec.Raw]:
    if len(body) > MAX_RECORD_BYTES:
        raise Refused("record_too_large", f"the record is larger than {MAX_RECORD_BYTES} bytes")
    try:
        return _decode(body)
    except msgspec.ValidationError:
        raise Refused("wrong_type", "the record is not a JSON object") from None
    except (ValueError, RecursionError):  # invalid UTF-8 and endless nesting included
        raise Refused("invalid_json", "the record is not valid JSON") from None


def _text(fields: dict[str, msgspec.Raw], name: str) -> str:
    """A field's text, of a JSON number its digits as they stand; missing is empty."""
    token = bytes(fields.get(name, b"null"))
    if token == b"null":
        return ""
    try:
        if token[:1] == b'"':
            return normalise(msgspec.json.decode(token, type=str))
    except ValueError:
        raise Refused("invalid_json", f"{name} is not valid JSON text") from None
    if token[:1] in b"-0123456789":
        return token.decode("ascii", "replace")
    raise Refused("wrong_type", f"{name} is neither text nor a number")


def _rank(text: str) -> int:
    if not text:
        raise Refused("missing_field", "ROW_STT is missing")
    if not _RANK.fullmatch(text):
        raise Refused("invalid_number", "ROW_STT is not a place")
    return int(text)


def _score(text: str, name: str) -> Decimal:
    if not text:
        raise Refused("missing_field", f"{name} is missing")
    found = _SCORE.fullmatch(text)
    if found is None:
        raise Refused("invalid_number", f"{name} is not a score with a point or a comma")
    return Decimal(f"{found[1]}.{found[2] or '0'}")


def _hold_against_maxima(row: NationalRow, catalogue: NationalCatalogue) -> None:
    points = dict(zip(SCORE_FIELDS, row.scores, strict=True))
    for column, group in catalogue.groups.items():
        if column not in points or group not in catalogue.maxima:
            raise MappingError(
                f"{MAPPING_SEED} maps column {column} to {group}, but the portal's rows have no "
                "such column, or no criterion of the month is in that group"
            )
        if points[column] > catalogue.maxima[group]:
            raise MappingError(
                f"column {column} holds {points[column]}, but {group}, the group that it is "
                f"mapped to, has a maximum of {catalogue.maxima[group]}: "
                f"mend the mapping in {MAPPING_SEED}"
            )
