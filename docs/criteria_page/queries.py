"""Reads the models' SQL by sqlfluff: which expression stands behind a column, and whence."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

from sqlfluff.core import FluffConfig, Linter, SQLBaseError
from sqlfluff.core.parser import BaseSegment
from sqlfluff.core.types import ConfigMappingType
from sqlfluff.utils.analysis.query import Query, Selectable

_CONFIG = FluffConfig({"core": {"dialect": "postgres"}})
# sqlfluff's own is_incremental() is true.
_FULL_REFRESH: ConfigMappingType = {"is_incremental": "{% macro is_incremental() %}{% endmacro %}"}


@dataclass(frozen=True)
class Expression:
    """What stands behind a column of a SELECT, and the columns that it reads."""

    text: str
    reads: tuple[str, ...]

    def passes_on(self, column: str) -> bool:
        """Whether it is that column of a source and nothing more."""
        return self.reads == (self.text,) and self.text.split(".")[-1] == column


@dataclass(frozen=True)
class Select:
    """One SELECT: its columns, what it reads by alias, and the text of FROM and WHERE."""

    columns: dict[str, Expression]
    sources: dict[str, Source]
    passes_all_on: bool
    rows: str = field(repr=False)


# A relation's name, or a query in place of one.
Source = str | tuple[Select, ...]


def render(model: Path, macros: Path) -> str:
    """The SQL of a model's file, as for a full refresh; `ref` gives the bare name.

    Raises ValueError where sqlfluff cannot render it.
    """
    jinja: ConfigMappingType = {
        "apply_dbt_builtins": True,
        "load_macros_from_path": str(macros),
        "macros": _FULL_REFRESH,
    }
    config = FluffConfig({"core": {"dialect": "postgres"}, "templater": {"jinja": jinja}})
    text = model.read_text(encoding="utf-8")
    rendered = Linter(config).render_string(text, str(model), config, "utf-8")
    _refuse(rendered.templater_violations)
    return rendered.templated_variants[0].templated_str


@cache  # a large model takes a second
def parse(sql: str) -> tuple[Select, ...]:
    """The SELECTs whose union a query is.

    Raises ValueError where sqlfluff cannot parse it.
    """
    parsed = Linter(_CONFIG).parse_string(sql)
    _refuse(parsed.violations)
    return _selects(Query.from_root(parsed.tree, _CONFIG.get("dialect_obj")))


def _refuse(violations: Sequence[SQLBaseError]) -> None:
    if violations:
        raise ValueError(violations[0].desc())


def _selects(query: Query[Any]) -> tuple[Select, ...]:
    # VALUES are queries as well; they read nothing
    return tuple(
        _select(query, selectable)
        for selectable in query.selectables
        if selectable.selectable.is_type("select_statement")
    )


def _select(query: Query[Any], selectable: Selectable) -> Select:
    info = selectable.select_info
    if info is None:
        raise ValueError(f"not understood: {selectable.as_str()}")
    columns: dict[str, Expression] = {}
    for target in info.select_targets:
        if alias := target.get_alias():
            reads = tuple(column.raw for column in alias.column_reference_segments)
            expression = Expression(_one_line(alias.aliased_segment), reads)
            columns[alias.alias_identifier_name] = expression
        else:
            columns[target.raw.split(".")[-1]] = Expression(target.raw, (target.raw,))
    sources: dict[str, Source] = {}
    for table in info.table_aliases:
        source = next(query.crawl_sources(table.from_expression_element))
        sources[table.ref_str] = source if isinstance(source, str) else _selects(source)
    passes_all_on = columns.pop("*", None) is not None
    clauses = selectable.selectable.get_children("from_clause", "where_clause")
    rows = " ".join(_one_line(clause) for clause in clauses)
    return Select(columns, sources, passes_all_on, rows)


def _one_line(segment: BaseSegment) -> str:
    code = "".join(part.raw for part in segment.raw_segments if not part.is_comment)
    return " ".join(code.split()).replace("( ", "(").replace(" )", ")")
