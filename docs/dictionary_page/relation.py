"""What the page tells of one relation."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Column:
    """A column of a relation."""

    name: str
    type: str
    text: str


@dataclass(frozen=True)
class Check:
    """A test or constraint, and why it is there, where that is told."""

    name: str
    reason: str


@dataclass(frozen=True)
class Relation:
    """A table or view that BI may meet; `key` tells its rows apart."""

    schema: str
    name: str
    kind: str
    grain: str
    text: str
    columns: tuple[Column, ...]
    key: tuple[str, ...]
    references: tuple[str, ...]
    checks: tuple[Check, ...]
    # Full names of the relations that are made from it.
    feeds: tuple[str, ...]

    @property
    def full_name(self) -> str:
        """With its schema."""
        return f"{self.schema}.{self.name}"

    @property
    def readers(self) -> tuple[str, ...]:
        """Roles of BI that may select from it.

        What names a dossier is no role's of BI but for the fact itself, whose rows are
        restricted to those of the reader's unit.
        """
        if not any(column.name == "dossier_id" for column in self.columns):
            return ("bi_reader", "unit_reader")
        return ("unit_reader",) if self.name == "fct_dossier" else ()
