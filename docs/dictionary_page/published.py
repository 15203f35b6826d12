"""`published` as a database's catalogue describes it."""

from __future__ import annotations

from collections import defaultdict
from typing import Any

import psycopg

from docs.dictionary_page.relation import Check, Column, Relation

SCHEMA = "published"
_PREFIXES = ("current_", "public_")
# Views over the log of releases: the catalogue knows no key of a view.
_KEYS_OF_VIEWS = {
    "release": ("release_id",),
    "earlier_month": ("release_id", "earlier_release_id"),
    "earlier_revision": ("release_id", "earlier_release_id"),
}
_COLUMNS = """
    select
        c.relname,
        case c.relkind when 'v' then 'view' else 'table' end,
        obj_description(c.oid, 'pg_class'),
        a.attname,
        format_type(a.atttypid, a.atttypmod),
        col_description(c.oid, a.attnum)
    from pg_class as c
    join pg_attribute as a on a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped
    where c.relnamespace = 'published'::regnamespace and c.relkind in ('r', 'v')
    order by c.relname, a.attnum
"""
_CONSTRAINTS = """
    select
        c.conrelid::regclass::text,
        c.contype::text,
        pg_get_constraintdef(c.oid),
        array(
            select a.attname::text
            from unnest(c.conkey) with ordinality as k (attnum, place)
            join pg_attribute as a on a.attrelid = c.conrelid and a.attnum = k.attnum
            order by k.place
        )
    from pg_constraint as c
    where c.connamespace = 'published'::regnamespace and c.contype in ('p', 'f', 'c', 'u')
    order by 1, 2, 3
"""
_TRIGGERS = """
    select c.relname, p.proname, obj_description(p.oid, 'pg_proc')
    from pg_trigger as t
    join pg_class as c on c.oid = t.tgrelid
    join pg_proc as p on p.oid = t.tgfoid
    where c.relnamespace = 'published'::regnamespace and not t.tgisinternal
    order by 1, 2
"""
_VIEWS = """
    select table_name, array_agg(view_name::text order by view_name)
    from information_schema.view_table_usage
    where view_schema = 'published' and table_schema = 'published'
    group by table_name
"""


def read_published(connection: psycopg.Connection[Any]) -> list[Relation]:
    """Every table and view of the schema, by name.

    Raises ValueError where the database has no comment of one, or no key of it is known.
    """
    constraints = _read_constraints(connection)
    triggers: defaultdict[str, list[Check]] = defaultdict(list)
    for name, function, words in connection.execute(_TRIGGERS):
        triggers[name].append(Check(function, words or ""))
    views = {row[0]: row[1] for row in connection.execute(_VIEWS)}
    relations: dict[str, tuple[str, str, list[Column]]] = {}
    for name, kind, text, column, type_, words in connection.execute(_COLUMNS):
        if not text or not words:
            raise ValueError(f"{SCHEMA}.{name} has no comment, or its column {column} has none")
        shown = type_.replace("timestamp with time zone", "timestamptz")
        relations.setdefault(name, (kind, text, []))[2].append(Column(column, shown, words))
    return [
        Relation(
            schema=SCHEMA,
            name=name,
            kind=kind,
            grain="",
            text=text,
            columns=tuple(columns),
            key=_key(name, constraints),
            references=tuple(told for kind_, told, _ in constraints[name] if kind_ == "f"),
            checks=(
                *(Check(told, "") for kind_, told, _ in constraints[name] if kind_ in {"c", "u"}),
                *triggers[name],
            ),
            feeds=tuple(f"{SCHEMA}.{view}" for view in views.get(name, [])),
        )
        for name, (kind, text, columns) in relations.items()
    ]


_Constraints = dict[str, list[tuple[str, str, tuple[str, ...]]]]


def _read_constraints(connection: psycopg.Connection[Any]) -> _Constraints:
    found: _Constraints = defaultdict(list)
    for relation, kind, told, columns in connection.execute(_CONSTRAINTS):
        found[relation.removeprefix(f"{SCHEMA}.")].append((kind, told, tuple(columns)))
    return found


def _key(name: str, constraints: _Constraints) -> tuple[str, ...]:
    """A table's own; a view has that of the table whose rows it shows."""
    for prefix in _PREFIXES:
        name = name.removeprefix(prefix)
    if name in _KEYS_OF_VIEWS:
        return _KEYS_OF_VIEWS[name]
    for kind, _, columns in constraints[name]:
        if kind == "p":
            return columns
    raise ValueError(f"no key of {SCHEMA}.{name} is known: add it to docs/dictionary_page")
