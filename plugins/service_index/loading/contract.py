"""What a record contract is: data about one feed.

A feed's contract is declared in `contracts/` by two classes. The *record* (a msgspec Struct) lists
the source's fields and classifies those that hold personal data. The *row* (a NamedTuple) lists
the columns of the raw table: first those that stand for one source field, annotated with its
converter (the optional instants last, they are read together), then those that `reduce` fills.
Rules are named predicates over the row; its values are COPY texts, in which instants (and days)
of equal form compare as time does.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum
from functools import cached_property
from typing import Annotated, Any, Literal, NamedTuple, get_args, get_origin, get_type_hints

import msgspec

from service_index.loading.converters import TEXT_LENGTH, Converter, InstantConverter

Row = tuple[str, ...]

# Columns of every raw table that tell where a row comes from.
LINEAGE = ("batch_id", "landed_at", "landed_file", "landed_line", "content_hash")
# Between the parts of a composite key where it is written as one text.
KEY_SEPARATOR = "/"


class PersonalData(Enum):
    """Classes of personal data. Such fields are not loaded: they stay in landing and quarantine."""

    NAME = "name"
    IDENTITY_NUMBER = "identity number"
    PHONE = "phone"
    MAIL = "mail"
    FREE_TEXT = "free text that may name people"


# Types of source fields: every value is a JSON string; null and an absent key mean missing.
Text = Annotated[str, msgspec.Meta(max_length=TEXT_LENGTH)] | None
PersonName = Annotated[Text, PersonalData.NAME]
Phone = Annotated[Text, PersonalData.PHONE]
Mail = Annotated[Text, PersonalData.MAIL]


class Rule(NamedTuple):
    """A condition over several columns: refuse the record, or count a warning."""

    code: str
    severity: Literal["refuse", "warn"]
    reason: str
    is_broken: Callable[[Any], bool]


class Reference(NamedTuple):
    """A column whose code must be known to the warehouse, else the record waits in quarantine."""

    column: str
    known: Literal["units", "procedures"]
    rule: str
    reason: str


UNKNOWN_UNIT = Reference("unit_code", "units", "unknown_unit", "MaDonVi is no known unit")
UNKNOWN_PROCEDURE = Reference(
    "procedure_code", "procedures", "unknown_procedure", "MaTTHC is no known procedure"
)


@dataclass(frozen=True)
class Contract:
    """One feed's contract; `record`, `row` and `rules` as the module's docstring says.

    key           the row's columns that identify a record, in the raw table's order
    is_snapshot   the feed tells the present state of all; a version is a snapshot's time
    reduce        fills the row's last columns, those without a converter, from the record
    """

    feed: str
    record: type[msgspec.Struct]
    row: type[Any]
    key: tuple[str, ...]
    is_snapshot: bool = False
    rules: tuple[Rule, ...] = ()
    references: tuple[Reference, ...] = ()
    reduce: Callable[[Any], Row] | None = None

    def __post_init__(self) -> None:
        converted = tuple(self.converters)
        others = tuple(name for name in converted if name not in self.instants)
        if self.columns[: len(converted)] != (*others, *self.instants):
            raise TypeError(f"{self.row.__name__}: its columns are not in the order of a row")

    @cached_property
    def converters(self) -> dict[str, Converter]:
        """Column → converter of the columns that stand for one source field, in row order."""
        hints = get_type_hints(self.row, include_extras=True)
        return {
            name: next(extra for extra in get_args(hint) if isinstance(extra, Converter))
            for name, hint in hints.items()
            if get_origin(hint) is Annotated
        }

    @cached_property
    def instants(self) -> dict[str, InstantConverter]:
        """Those of `converters` that are for optional instants."""
        return {
            name: converter
            for name, converter in self.converters.items()
            if isinstance(converter, InstantConverter) and not converter.is_required
        }

    @cached_property
    def columns(self) -> tuple[str, ...]:
        """The row's columns, as they are copied into the raw table."""
        return tuple(self.row._fields)

    @cached_property
    def raw_columns(self) -> tuple[str, ...]:
        """Every column of the raw table."""
        of_snapshot = ("version_at", "is_removed") if self.is_snapshot else ()
        return (*self.columns, *of_snapshot, *LINEAGE)

    @cached_property
    def personal_fields(self) -> dict[str, PersonalData]:
        """Source field → class of personal data."""
        hints = get_type_hints(self.record, include_extras=True)
        return {
            name: extra
            for name, hint in hints.items()
            for extra in get_args(hint)
            if isinstance(extra, PersonalData)
        }
