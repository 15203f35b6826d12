"""The compliance annex (phụ lục): how far each unit and each field is from its targets, and why."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any

from service_index.publishing import labels
from service_index.publishing.documents import paper
from service_index.publishing.documents.letter_units import (
    ALL_FIELDS,
    END_TO_END,
    NO_ROW,
    unit_type_label,
)
from service_index.publishing.documents.letterhead import by_type, letterhead, unit_names
from service_index.publishing.documents.wording import clean
from service_index.publishing.month import Cause, Compliance, MonthRelease

NAME = "compliance"
NO_CAUSE = Cause("", "", None, None, None)


@dataclass(frozen=True)
class Line:
    """Rows of a unit in a field, of the month and of the year up to it.

    `target` is the rate that was in force, None where none is set.
    """

    unit: str
    field: str
    target: Decimal | None
    month: Compliance
    year: Compliance


@dataclass(frozen=True)
class CausesLine:
    """A unit's causes in the order of labels.CAUSES."""

    unit: str
    causes: list[Cause]


@dataclass(frozen=True)
class OfType:
    """The lines of all units of a type."""

    label: str
    lines: list[Line] | list[CausesLine]


@dataclass(frozen=True)
class Metric:
    """A metric that some unit has a target for, all fields together."""

    label: str
    types: list[OfType]


def write(release: MonthRelease, folder: Path, templates: Path | None = None) -> list[Path]:
    """Write `documents/compliance.docx` and `.pdf` into a release's `folder`; return both.

    `templates` as for the letter. The same release gives the same bytes. Raises
    BrokenTemplateError.
    """
    return paper.write(NAME, release.edition, _facts(release), folder, templates)


def _facts(release: MonthRelease) -> dict[str, Any]:
    """What the wording may print."""
    table = _Lines(release)
    fields = table.fields_of(release.edition.province_code)
    return {
        "letter": letterhead(release.edition),
        "metrics": [
            Metric(label.vi, table.of_all_fields(metric))
            for metric, label in labels.METRICS.items()
            if table.has_target(metric)
        ],
        "cause_labels": [label.vi for label in labels.CAUSES.values()],
        "causes": table.causes(),
        "fields": fields,
        "own_fields": table.fields_with_target(),
        "has_small_cells": any(
            row.withheld
            for row in release.compliance
            if row.field_code == ALL_FIELDS
            or row.target_rate is not None
            or row.unit_code == release.edition.province_code
        )
        or any(cause.withheld for cause in release.causes),
        "small_cell": labels.SMALL_CELL.vi,
        "has_rate_alone": any(line.target is None for line in fields),
        "rate_alone": labels.RATE_ALONE.vi,
    }


class _Lines:
    """A release's compliance rows, put side by side."""

    def __init__(self, release: MonthRelease) -> None:
        self._names = unit_names(release)
        self._types = by_type(release.units.values())
        self._causes = {(cause.unit_code, cause.cause): cause for cause in release.causes}
        self._rows: dict[tuple[str, str, str], dict[str, Compliance]] = {}
        for row in release.compliance:
            key = (row.metric_code, row.unit_code, row.field_code)
            self._rows.setdefault(key, {})[row.basis] = row
        self._fields: dict[str, list[str]] = {}
        for metric, unit, field in sorted(self._rows):
            if metric == END_TO_END and field != ALL_FIELDS:
                self._fields.setdefault(unit, []).append(field)

    def has_target(self, metric: str) -> bool:
        return any(
            row.target_rate is not None
            for (of_metric, _, field), by_basis in self._rows.items()
            if (of_metric, field) == (metric, ALL_FIELDS)
            for row in by_basis.values()
        )

    def of_all_fields(self, metric: str) -> list[OfType]:
        return self._by_type(lambda unit: [self._line(metric, unit, ALL_FIELDS)])

    def causes(self) -> list[OfType]:
        def line(unit: str) -> list[CausesLine]:
            found = [self._causes.get((unit, cause), NO_CAUSE) for cause in labels.CAUSES]
            return [CausesLine(self._names[unit], found)]

        return self._by_type(line)

    def fields_of(self, unit: str) -> list[Line]:
        """The fields in which a unit and all under it worked, the lowest rate of the year first."""
        lines = [self._line(END_TO_END, unit, field) for field in self._fields.get(unit, [])]
        return sorted(
            lines, key=lambda line: (line.year.rate is None, line.year.rate or 0, line.field)
        )

    def fields_with_target(self) -> list[OfType]:
        """Single fields in which a unit has a target of its own."""

        def lines(unit: str) -> list[Line]:
            fields = self._fields.get(unit, [])
            found = (self._line(END_TO_END, unit, field) for field in fields)
            return [line for line in found if line.target is not None]

        return self._by_type(lines)

    def _line(self, metric: str, unit: str, field: str) -> Line:
        by_basis = self._rows.get((metric, unit, field), {})
        month, year = (by_basis.get(basis, NO_ROW) for basis in labels.BASES)
        return Line(
            unit=self._names[unit],
            field=clean(month.field_name or year.field_name or field),
            target=month.target_rate if month.target_rate is not None else year.target_rate,
            month=month,
            year=year,
        )

    def _by_type(self, lines: Callable[[str], Sequence[Any]]) -> list[OfType]:
        """The lines of every unit, by type; types without a line are left out."""
        found = [
            OfType(
                unit_type_label(unit_type),
                [line for unit in units for line in lines(unit.unit_code)],
            )
            for unit_type, units in self._types.items()
        ]
        return [of_type for of_type in found if of_type.lines]
