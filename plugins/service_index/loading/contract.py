"""What a record contract is: data about one feed.

A feed's contract is declared in `contracts/` by two classes. The *record* (a msgspec Struct) lists
the source's fields, each with the class of its data. The *row* (a NamedTuple) lists the columns of
the raw table: first those that stand for one source field, annotated with its converter (the
optional instants last, they are read together), then those that `reduce` fills, with their class.
Rules are named predicates over the row; its values are COPY texts, in which instants (and days)
of equal form compare as time does.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import Annotated, Any, Literal, NamedTuple, get_args, get_origin, get_type_hints

import msgspec

from service_index.loading.classification import (
    LINEAGE,
    OF_SNAPSHOT,
    Class,
    PersonalData,
    Sensitivity,
)
from service_index.loading.converters import TEXT_LENGTH, Converter, InstantConverter

Row = tuple[str, ...]

# Between the parts of a composite key where it is written as one text.
KEY_SEPARATOR = "/"


# Types of source fields: every value is a JSON string; null and an absent key mean missing.
Text = Annotated[str, msgspec.Meta(max_length=TEXT_LENGTH)] | None
Public = Annotated[Text, Sensitivity.PUBLIC]
Internal = Annotated[Text, Sensitivity.INTERNAL]
Identifier = Annotated[Text, Sensitivity.IDENTIFIER]
PersonName = Annotated[Text, PersonalData.NAME]
Phone = Annotated[Text, PersonalData.PHONE]
Mail = Annotated[Text, PersonalData.MAIL]

# A column that `reduce` fills.
Fact = Annotated[str, Sensitivity.INTERNAL]


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
        """Raises TypeError for a field without a class, and for a column of personal data."""
        self._check_classes()
        converted = tuple(self.converters)
        others = tuple(name for name in converted if name not in self.instants)
        if self.columns[: len(converted)] != (*others, *self.instants):
            raise TypeError(f"{self.row.__name__}: its columns are not in the order of a row")

    @cached_property
    def converters(self) -> dict[str, Converter]:
        """Column → converter of the columns that stand for one source field, in row order."""
        hints = get_type_hints(self.row, include_extras=True)
        return {
            name: extra
            for name, hint in hints.items()
            for extra in get_args(hint)
            if isinstance(extra, Converter)
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
        return (*self.columns, *(OF_SNAPSHOT if self.is_snapshot else ()), *LINEAGE)

    @cached_property
    def classes(self) -> dict[str, Class]:
        """Source field → the class of its data."""
        return _classes(self.record)

    @cached_property
    def entry_classes(self) -> dict[str, dict[str, Class]]:
        """Field that holds a list → the fields of its entries that are read → their class."""
        return {field: _classes(entry) for field, entry in _entries(self.record).items()}

    @cached_property
    def personal_fields(self) -> dict[str, PersonalData]:
        """Source field → class of personal data."""
        return {name: kind for name, kind in self.classes.items() if isinstance(kind, PersonalData)}

    @cached_property
    def raw_classes(self) -> dict[str, Class]:
        """Column of the raw table → the class of its data, in the order of `raw_columns`."""
        of_source = {
            column: self.classes[converter.field] for column, converter in self.converters.items()
        }
        of_columns = of_source | _classes(self.row)
        of_snapshot = OF_SNAPSHOT if self.is_snapshot else {}
        return {column: of_columns[column] for column in self.columns} | {**of_snapshot, **LINEAGE}

    def _check_classes(self) -> None:
        entries = _entries(self.record).values()
        for struct in (self.record, *entries):
            if lacking := set(struct.__struct_fields__) - _classes(struct).keys():
                raise TypeError(f"{struct.__name__}: without a class: {sorted(lacking)}")
        for column, kind in self.raw_classes.items():
            if isinstance(kind, PersonalData):
                raise TypeError(f"{self.row.__name__}.{column}: personal data is not loaded")


def _classes(fields: type[Any]) -> dict[str, Class]:
    """Field of a record or column of a row → the class that it is annotated with."""
    hints = get_type_hints(fields, include_extras=True)
    return {
        name: extra
        for name, hint in hints.items()
        for extra in get_args(hint)
        if isinstance(extra, PersonalData | Sensitivity)
    }


def _entries(record: type[msgspec.Struct]) -> dict[str, type[msgspec.Struct]]:
    """Field that holds a list → what its entries are."""
    return {
        name: entry
        for name, hint in get_type_hints(record).items()
        for kind in get_args(hint)
        if get_origin(kind) is list
        for entry in get_args(kind)
    }
