"""A release of the statistical form, as it is read, and in the order in which it is printed.

Reads published.statistical_form and published.form_check alone: the marts may have moved on.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal
from enum import Enum, auto
from itertools import groupby, takewhile

import psycopg
from psycopg.rows import class_row

from service_index.publishing.current import current_edition
from service_index.publishing.edition import Edition
from service_index.publishing.printing import number

BY_HAND = "by_hand"
ROMAN = ("I", "II", "III", "IV", "V", "VI", "VII", "VIII", "IX", "X")
SIGNS = {"=": "=", "<=": "≤", ">=": "≥"}

# The printed form repeats its numbers from part to part; row codes tell the parts by letters.
_PART_OF_CODE = re.compile(r"^[^\W\d_]+\.")
_ROW_OF_FORMULA = re.compile(r"(?<!\S)row\.(\S+?)\??(?!\S)")
_SIGN_OF_FORMULA = re.compile(r" (=|<=|>=) ")


@dataclass(frozen=True)
class FormRow:
    """One row of the form; `heading_vi` is None right under the heading of its part.

    `value` is exact, a rate in percent; it and `printed_value` are None where nobody has entered
    a figure, or there is nothing to take a share of. `origin` is computed or by_hand.
    """

    row_code: str
    part_vi: str | None
    heading_vi: str | None
    label_vi: str
    unit_of_measure: str | None
    value: Decimal | None
    printed_value: str | None
    origin: str
    note_vi: str | None


@dataclass(frozen=True)
class FormCheck:
    """An identity of the form with both its sides; `holds` is None where one of them is missing.

    `difference` is left minus right; `formula` is in terms of rows, text and counted figures.
    """

    identity: str
    description_vi: str
    formula: str
    left_value: Decimal | None
    right_value: Decimal | None
    difference: Decimal | None
    holds: bool | None

    @property
    def sign(self) -> str:
        """What stands between the sides: `=`, `≤` or `≥`."""
        found = _SIGN_OF_FORMULA.search(self.formula)
        return SIGNS[found.group(1)] if found else ""

    @property
    def row_codes(self) -> list[str]:
        """The rows of the form that it is about."""
        return _ROW_OF_FORMULA.findall(self.formula)


@dataclass(frozen=True)
class FormRelease:
    """A form of the publishing province, rows and identities in their printed order."""

    edition: Edition
    rows: list[FormRow]
    checks: list[FormCheck]

    @property
    def failing(self) -> list[FormCheck]:
        return [check for check in self.checks if check.holds is False]

    @property
    def holding(self) -> int:
        return sum(check.holds is True for check in self.checks)

    @property
    def undecided(self) -> int:
        return sum(check.holds is None for check in self.checks)


class Level(Enum):
    PART = auto()
    HEADING = auto()
    ROW = auto()


@dataclass(frozen=True)
class Line:
    """One line of the printed form; `number` as printed (`II`, `3.`, `3.1.1`).

    `row` is None for the titles of parts and headings. `part` is the number of its part.
    """

    level: Level
    part: str
    number: str
    label: str
    row: FormRow | None = None


def read_form(connection: psycopg.Connection, edition: Edition) -> FormRelease:
    """Read the form of `edition`; `connection` should hold one snapshot.

    Raises LookupError where the publishing province has no row in its own release.
    """
    of_province = [edition.release_id, edition.province_code]
    with connection.cursor(row_factory=class_row(FormRow)) as cursor:
        rows = cursor.execute(
            """
            select
                row_code, part_vi, heading_vi, label_vi, unit_of_measure, value, printed_value,
                origin, note_vi
            from published.statistical_form
            where release_id = %s and province_code = %s
            order by position, row_code collate "C"
            """,
            of_province,
        ).fetchall()
    with connection.cursor(row_factory=class_row(FormCheck)) as cursor:
        checks = cursor.execute(
            """
            select
                identity, description_vi, formula, left_value, right_value, difference, holds
            from published.form_check
            where release_id = %s and province_code = %s
            order by position, identity collate "C"
            """,
            of_province,
        ).fetchall()
    if not rows:
        raise LookupError(
            f"{edition.release_id} holds no form of its province {edition.province_code}"
        )
    return FormRelease(edition, rows, checks)


def read_current_form(connection: psycopg.Connection, period: str) -> FormRelease:
    """The current release of the form of `period`, all from one snapshot.

    `connection` must not be in a transaction. Raises LookupError when nothing is published.
    """
    with connection.transaction():
        connection.execute("set transaction isolation level repeatable read, read only")
        edition = current_edition(connection, "statistical_form", period)
        if edition is None:
            raise LookupError(
                f"the form of {period} is not published yet: run `service-index publish --period`"
            )
        return read_form(connection, edition)


def lines(rows: Sequence[FormRow]) -> Iterator[Line]:
    """The rows under the titles of their parts and headings, numbered as on paper."""
    for place, (part_vi, of_part) in enumerate(groupby(rows, lambda row: row.part_vi)):
        part = ROMAN[place] if place < len(ROMAN) else str(place + 1)
        if part_vi is not None:
            yield Line(Level.PART, part, part, part_vi)
        for heading_vi, of_heading in groupby(of_part, lambda row: row.heading_vi):
            group = list(of_heading)
            if heading_vi is not None:
                code = _heading_code([row.row_code for row in group])
                yield Line(Level.HEADING, part, printed_number(code), heading_vi)
            for row in group:
                yield Line(Level.ROW, part, printed_number(row.row_code), row.label_vi, row)


def printed_number(row_code: str) -> str:
    """A row's number as the form prints it: `DVC.3.1.2` is `3.1.2`, `CD.1` is `1.`."""
    bare = _PART_OF_CODE.sub("", row_code)
    return f"{bare}." if bare.isdecimal() else bare


def _heading_code(row_codes: Sequence[str]) -> str:
    """What the codes under a heading have in common: 3 of 3.1, 3.1.1 and 3.2; empty if nothing."""
    parents = [code.split(".")[:-1] for code in row_codes]
    common = takewhile(lambda parts: len(set(parts)) == 1, zip(*parents, strict=False))
    code = ".".join(parts[0] for parts in common)
    return code if any(character.isdigit() for character in code) else ""


def exact(value: Decimal | None) -> str:
    """A side of an identity with all its decimals: what does not add up may do so by little."""
    if value is None:
        return ""
    exponent = value.normalize().as_tuple().exponent
    return number(value, max(0, -exponent if isinstance(exponent, int) else 0))
