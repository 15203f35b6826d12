"""The SQL of a measure: from its column in `fct_measure` down to the columns of the facts."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from docs.criteria_page.catalogue import Documented
from docs.criteria_page.queries import Select, Source, parse, render

ROOT = "fct_measure"
# Told once on the page, not with every measure: the month, and which units count for which.
_TOLD_ONCE = ("int_period", "counting")


@dataclass(frozen=True)
class Step:
    """An expression, the column it makes, and where it stands: model, and query within it."""

    model: str
    query: str
    expression: str
    column: str


@dataclass
class Lineage:
    """How a measure is counted: its steps from the last to the first, and what they read."""

    measure: str
    steps: list[Step] = field(default_factory=list)
    reads: list[tuple[str, str]] = field(default_factory=list)

    @property
    def model(self) -> str:
        """The measure model whose column it is."""
        return next(step.model for step in self.steps if step.model != ROOT)


class Models:
    """The measure models, and how `fct_measure` makes rows of their columns."""

    def __init__(self, project: Path, documentation: dict[str, Documented]) -> None:
        self._documentation = documentation
        root = project / "models" / "marts" / f"{ROOT}.sql"
        models = sorted(project.glob("models/intermediate/measures/*.sql"))
        self._queries = {
            path.stem: parse(render(path, project / "macros")) for path in [root, *models]
        }
        self.names = [path.stem for path in models]

    def rows(self, model: str) -> list[tuple[str, str]]:
        """Which rows a model counts: its queries of facts by name, each with its FROM and WHERE."""
        return [
            (name, select.rows)
            for name, select in _all_selects("", self._queries[model])
            if any(isinstance(source, str) for source in select.sources.values())
        ]

    def lineage(self, measure: str) -> Lineage:
        """How a measure is counted.

        Raises LookupError where no model counts it, or where its SQL reads a column that nothing
        describes.
        """
        lineage = Lineage(measure)
        for _, select in _all_selects("", self._queries[ROOT]):
            if measure in select.columns:
                self._take(lineage, (ROOT, ""), select, measure)
                return lineage
        raise LookupError(f"{ROOT} has no measure {measure}")

    def _take(self, lineage: Lineage, place: tuple[str, str], select: Select, column: str) -> None:
        expression = select.columns[column]
        if not expression.passes_on(column):
            step = Step(*place, expression.text, column)
            if step in lineage.steps:
                return
            lineage.steps.append(step)
        for read in expression.reads:
            self._follow(lineage, place[0], select, read)

    def _follow(self, lineage: Lineage, model: str, select: Select, column: str) -> None:
        qualifier, _, name = column.rpartition(".")
        sources = {
            alias: source for alias, source in select.sources.items() if qualifier in {"", alias}
        }
        # all are asked: in a union each branch has the column
        found = [self._explain(lineage, model, source, name) for source in sources.items()]
        if not any(found):
            raise LookupError(f"{model} reads {name}, which nothing describes")

    def _explain(
        self, lineage: Lineage, model: str, named: tuple[str, Source], column: str
    ) -> bool:
        """Whether the source has the column; if so, it is taken into the lineage."""
        alias, source = named
        if alias in _TOLD_ONCE or source in _TOLD_ONCE:
            return True
        if isinstance(source, str):
            if source not in self._queries:
                return self._read(lineage, source, column)
            model, alias, source = source, "", self._queries[source]
        found = False
        for select in source:
            if column in select.columns:
                self._take(lineage, (model, alias), select, column)
                found = True
            elif select.passes_all_on:
                for inner in select.sources.items():
                    found |= self._explain(lineage, model, inner, column)
        return found

    def _read(self, lineage: Lineage, relation: str, column: str) -> bool:
        known = self._documentation.get(relation)
        if known is None or column not in known.columns:
            return False
        if (relation, column) not in lineage.reads:
            lineage.reads.append((relation, column))
        return True


def _all_selects(name: str, queries: tuple[Select, ...]) -> Iterator[tuple[str, Select]]:
    """The SELECTs and all that they read, by the name of their query, outer ones first."""
    for select in queries:
        yield name, select
        for alias, source in select.sources.items():
            if not isinstance(source, str):
                yield from _all_selects(alias, source)
