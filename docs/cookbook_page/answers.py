"""Asks a warehouse the questions of the page, as a reader of BI would."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import psycopg
from psycopg import sql

from docs.cookbook_page.page import Answer, Question

BI_READER = "cookbook_bi_reader"
UNIT_READER = "cookbook_unit_reader"
_FACT = "fct_dossier"


@contextmanager
def readers(connection: psycopg.Connection[Any]) -> Iterator[None]:
    """Two roles for the time being, with what `bi_reader` and `unit_reader` may read."""
    dossier_level = {
        row[0]
        for row in connection.execute(
            "select table_name from information_schema.columns "
            "where table_schema = 'marts' and column_name = 'dossier_id'"
        )
    }
    marts = connection.execute(
        "select relname from pg_class "
        "where relnamespace = 'marts'::regnamespace and relkind in ('r', 'v')"
    ).fetchall()
    for role, of_dossiers in ((BI_READER, set()), (UNIT_READER, {_FACT})):
        name = sql.Identifier(role)
        connection.execute(sql.SQL("create role {}").format(name))
        connection.execute(sql.SQL("grant usage on schema marts, published to {}").format(name))
        connection.execute(
            sql.SQL("grant select on all tables in schema published to {}").format(name)
        )
        for (mart,) in marts:
            if mart not in dossier_level - of_dossiers:
                relation = sql.Identifier("marts", mart)
                connection.execute(sql.SQL("grant select on {} to {}").format(relation, name))
    connection.commit()
    try:
        yield
    finally:
        connection.rollback()
        for role in (BI_READER, UNIT_READER):
            name = sql.Identifier(role)
            connection.execute(sql.SQL("drop owned by {}").format(name))
            connection.execute(sql.SQL("drop role {}").format(name))
        connection.commit()


def asking(connection: psycopg.Connection[Any]) -> Callable[[Question], Answer]:
    """Runs a question's SQL as the reader that it is for; `readers` must be there."""

    def ask(question: Question) -> Answer:
        role = UNIT_READER if question.is_for_unit_reader else BI_READER
        return run(connection, question.sql, role)

    return ask


def run(connection: psycopg.Connection[Any], statement: str, role: str) -> Answer:
    """What a role reads by a statement; it changes nothing."""
    with connection.transaction(force_rollback=True):
        connection.execute(sql.SQL("set local role {}").format(sql.Identifier(role)))
        cursor = connection.execute(statement.encode())
        columns = [column.name for column in cursor.description or ()]
        return Answer(columns, cursor.fetchall())
