"""The rows of a release in set-based SQL: their hash, their copy and their differences.

Numbers are compared and written in one canonical form, plain notation without trailing zeros
(`trim_scale`), so that 0.50 and 0.5 are the same number everywhere.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass

import psycopg
from psycopg import sql
from psycopg.rows import class_row

from service_index.publishing.relations import Column, Kind, Relation
from service_index.publishing.subject import RELATIONS_OF_KIND, Subject


def as_text(column: Column, table: str) -> sql.Composed:
    """The column's value as canonical text; null stays null."""
    value = sql.Identifier(table, column.name)
    if column.kind is Kind.NUMBER:
        return sql.SQL("trim_scale({})::text").format(value)
    if column.kind is Kind.DATE:
        return sql.SQL("to_char({}, 'YYYY-MM-DD')").format(value)
    return sql.SQL("{}::text").format(value)


def marts_sha256(connection: psycopg.Connection, subject: Subject, marts: str = "marts") -> str:
    """The content hash that a release of `subject` would have if it were made of schema `marts`."""
    return _combine(
        (
            relation,
            _rows_sha256(
                connection,
                relation,
                sql.SQL("{} as t where {} = {}").format(
                    sql.Identifier(marts, relation.mart),
                    sql.Identifier("t", subject.column),
                    subject.value,
                ),
            ),
        )
        for relation in subject.relations
        if relation.has_numbers
    )


def release_sha256(connection: psycopg.Connection, release_id: str) -> str:
    """The content hash of a release, taken from its published rows."""
    return _combine(
        (
            relation,
            _rows_sha256(
                connection,
                relation,
                sql.SQL("published.{} as t where t.release_id = {}").format(
                    sql.Identifier(relation.name), release_id
                ),
            ),
        )
        for relation in relations_of(connection, release_id)
        if relation.has_numbers
    )


def relations_of(connection: psycopg.Connection, release_id: str) -> tuple[Relation, ...]:
    """The relations that hold the rows of a release; LookupError when there is no such release."""
    found = connection.execute(
        "select kind from published.release_record where release_id = %s", [release_id]
    ).fetchone()
    if found is None:
        raise LookupError(f"there is no release {release_id}")
    return RELATIONS_OF_KIND[found[0]]


def _rows_sha256(
    connection: psycopg.Connection, relation: Relation, rows: sql.Composed
) -> str | None:
    """SHA-256 over one JSON array a row, sorted in byte order; None where there is no row.

    JSON keeps null, text and numbers apart, whatever characters a code has.
    """
    values = sql.SQL(", ").join(
        sql.SQL("trim_scale({})" if column.kind is Kind.NUMBER else "{}").format(
            sql.Identifier("t", column.name)
        )
        for column in relation.content
    )
    found = connection.execute(
        sql.SQL(
            "select encode(sha256(convert_to("
            "string_agg(line, chr(10) order by line collate \"C\"), 'UTF8')), 'hex') "
            "from (select json_build_array({})::text as line from {}) as lines"
        ).format(values, rows)
    ).fetchone()
    return found[0] if found else None


def _combine(hashes: Iterable[tuple[Relation, str | None]]) -> str:
    # A relation without rows leaves the hash as it is.
    lines = [f"{relation.name} {sha256}\n" for relation, sha256 in hashes if sha256]
    return hashlib.sha256("".join(lines).encode()).hexdigest()


def insert_rows(connection: psycopg.Connection, release_id: str, subject: Subject) -> None:
    """Copy every row of `subject` from the marts into the release.

    The first releases multiply what the tables hold: without fresh statistics, whoever reads the
    release next may wait for minutes.
    """
    for relation in subject.relations:
        columns = sql.SQL(", ").join(sql.Identifier(c.name) for c in relation.columns)
        connection.execute(
            sql.SQL(
                "insert into published.{} (release_id, {}) "
                "select {}, {} from marts.{} where {} = {}"
            ).format(
                sql.Identifier(relation.name),
                columns,
                release_id,
                columns,
                sql.Identifier(relation.mart),
                sql.Identifier(subject.column),
                subject.value,
            )
        )
        connection.execute(sql.SQL("analyze published.{}").format(sql.Identifier(relation.name)))


def insert_changes(
    connection: psycopg.Connection, release_id: str, previous_release_id: str, cause: str
) -> int:
    """Keep every value that differs between two releases of a period; return how many.

    A row that came or went counts with each of its values that is not null.
    """
    return sum(
        connection.execute(
            sql.SQL(
                "insert into published.change "
                "(release_id, relation, key, column_name, old_value, new_value, cause) "
                "select {}, {}, key, column_name, old_value, new_value, {} from ({}) as differing"
            ).format(
                release_id,
                relation.name,
                cause,
                _differing(
                    relation,
                    _released(relation, previous_release_id),
                    _released(relation, release_id),
                ),
            )
        ).rowcount
        for relation in relations_of(connection, release_id)
    )


@dataclass(frozen=True)
class Difference:
    """A value that differs; `key` as in published.change."""

    relation: str
    key: str
    column_name: str
    old_value: str | None
    new_value: str | None


def differences(
    connection: psycopg.Connection, release_id: str, subject: Subject, marts: str
) -> list[Difference]:
    """Every number in which schema `marts` differs from what the release holds, in order."""
    with connection.cursor(row_factory=class_row(Difference)) as cursor:
        return [
            difference
            for relation in relations_of(connection, release_id)
            if relation.has_numbers
            for difference in cursor.execute(
                sql.SQL("select {} as relation, * from ({}) as differing order by 2, 3").format(
                    relation.name,
                    _differing(
                        relation,
                        _released(relation, release_id),
                        sql.SQL("select * from {} where {} = {}").format(
                            sql.Identifier(marts, relation.mart),
                            sql.Identifier(subject.column),
                            subject.value,
                        ),
                    ),
                )
            )
        ]


def _released(relation: Relation, release_id: str) -> sql.Composed:
    return sql.SQL("select * from published.{} where release_id = {}").format(
        sql.Identifier(relation.name), release_id
    )


def _differing(relation: Relation, old: sql.Composed, new: sql.Composed) -> sql.Composed:
    """A query: key, column_name, old_value, new_value of each value in which the rows differ."""
    return sql.SQL(
        """
        select {key_text} as key, v.column_name, v.old_value, v.new_value
        from ({old_rows}) as old
        full join ({new_rows}) as new using ({key})
        cross join lateral (values {values}) as v (column_name, old_value, new_value)
        where v.old_value is distinct from v.new_value
        """
    ).format(
        old_rows=old,
        new_rows=new,
        key_text=sql.SQL(" || ', ' || ").join(
            sql.SQL("{} || {}").format(f"{column.name}=", sql.Identifier(column.name))
            for column in relation.key
        ),
        key=sql.SQL(", ").join(sql.Identifier(column.name) for column in relation.key),
        values=sql.SQL(", ").join(
            sql.SQL("({}, {}, {})").format(
                column.name, as_text(column, "old"), as_text(column, "new")
            )
            for column in relation.values
        ),
    )
