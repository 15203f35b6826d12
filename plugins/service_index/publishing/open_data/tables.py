"""The tables of a release as open data: where each is read, and what its columns are."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import psycopg
from psycopg import sql

from service_index.publishing import content
from service_index.publishing.relations import Column, Kind, Role

NOTICE: Final = "data_notice"  # the column that marks sample data, in every file

# Types of PostgreSQL under the names that a Table Schema has for them. Another one fails here.
_TYPES = {
    "text": "string",
    "smallint": "integer",
    "integer": "integer",
    "bigint": "integer",
    "numeric": "number",
    "date": "date",
    "boolean": "boolean",
}
_CHANGE_COLUMNS = (
    *(Column(name, Role.KEY, Kind.TEXT) for name in ("relation", "key", "column_name")),
    *(Column(name, Role.RESULT, Kind.TEXT) for name in ("old_value", "new_value")),
    Column("cause", Role.LABEL, Kind.TEXT),
)


@dataclass(frozen=True)
class Field:
    """A column with its type in a Table Schema; `is_required` where it is never null."""

    column: Column
    type: str
    is_required: bool

    @property
    def name(self) -> str:
        return self.column.name


@dataclass(frozen=True)
class Table:
    """Rows of `published.<source>` that belong to one release, with its fields in their order."""

    name: str
    source: str
    fields: tuple[Field, ...]

    @property
    def key(self) -> tuple[str, ...]:
        return tuple(field.name for field in self.fields if field.column.role is Role.KEY)

    @property
    def csv_path(self) -> str:
        """Within the folder of the release; the changes lie on top, where people look first."""
        return "CHANGES.csv" if self.name == "change" else f"data/{self.name}.csv"

    @property
    def parquet_path(self) -> str | None:
        """None for the changes: values of all types, kept as text."""
        return None if self.name == "change" else f"data/{self.name}.parquet"

    def select(self, values: Sequence[sql.Composable], release_id: str) -> sql.Composed:
        """`values` of the rows of a release, in the order of the key, the same everywhere."""
        return sql.SQL(
            "select {values} from published.{source} as t where t.release_id = {release_id} "
            "order by {key}"
        ).format(
            values=sql.SQL(", ").join(values),
            source=sql.Identifier(self.source),
            release_id=release_id,
            key=sql.SQL(", ").join(
                sql.SQL('{} collate "C"').format(sql.Identifier("t", name)) for name in self.key
            ),
        )


def _fact(name: str, type_name: str = "string", *, is_required: bool = True) -> Field:
    kind = Kind.NUMBER if type_name == "integer" else Kind.TEXT
    role = Role.KEY if name == "release_id" else Role.LABEL
    return Field(Column(name, role, kind), type_name, is_required)


_NOTICE_FIELD = Field(Column(NOTICE, Role.PERIOD, Kind.TEXT), "string", False)
_RELEASE_FIELD = Field(Column("release_id", Role.PERIOD, Kind.TEXT), "string", True)

# One row: what the release says of itself. But for the notice, the fields are those of an Edition.
RELEASE_TABLE: Final = Table(
    "release",
    "release_record",
    (
        _NOTICE_FIELD,
        _fact("release_id"),
        _fact("kind"),
        _fact("period"),
        _fact("province_code"),
        _fact("province_name"),
        _fact("revision", "integer"),
        _fact("status"),
        _fact("data_cutoff", "datetime"),
        _fact("stamped_at", "datetime"),
        _fact("created_at", "datetime"),
        _fact("reason", is_required=False),
        _fact("previous_release_id", is_required=False),
        _fact("catalogue_version", is_required=False),
        _fact("content_sha256"),
        _fact("code_revision"),
    ),
)


def tables_of(connection: psycopg.Connection, release_id: str) -> list[Table]:
    """The tables of a release, as the public may see them; LookupError without such a release."""
    relations = content.relations_of(connection, release_id)
    return [_table(connection, relation.name, relation.columns) for relation in relations]


def changes_table(connection: psycopg.Connection) -> Table:
    """What a release changed of the one before, a row a value."""
    return _table(connection, "change", _CHANGE_COLUMNS)


def _table(connection: psycopg.Connection, name: str, columns: Sequence[Column]) -> Table:
    """Rows are read from `public_<name>` where that is, for there small cells are withheld."""
    public = f"public_{name}"
    found = _columns_in_database(connection, public)
    source = public if found else name
    base = _columns_in_database(connection, name)
    known = {"release_id", *(column.name for column in columns)}
    fields = [_NOTICE_FIELD, _RELEASE_FIELD, *(Field(c, *base[c.name]) for c in columns)]
    # What the view adds: why numbers are missing.
    for added in sorted(found.keys() - known):
        fields.append(Field(Column(added, Role.LABEL, Kind.TEXT), found[added][0], False))
    return Table(name, source, tuple(fields))


def _columns_in_database(
    connection: psycopg.Connection, relation: str
) -> dict[str, tuple[str, bool]]:
    """Type and `not null` by column; empty where published has no such relation."""
    found = connection.execute(
        """
        select attname, format_type(atttypid, atttypmod), attnotnull
        from pg_attribute
        where attrelid = to_regclass(%s) and attnum > 0 and not attisdropped
        order by attnum
        """,
        [f"published.{relation}"],
    ).fetchall()
    return {name: (_TYPES[type_name], required) for name, type_name, required in found}
