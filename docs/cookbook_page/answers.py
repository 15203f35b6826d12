"""Asks a warehouse the questions of the page, as a reader of BI would."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import psycopg
from psycopg import sql

from docs.cookbook_page.page import Answer, Question
from service_index.warehouse.access import BI_READER, UNIT_READER

PROVINCE = "33"


@contextmanager
def a_province_s_reader(connection: psycopg.Connection[Any]) -> Iterator[None]:
    """`unit_reader` itself is a reader of the whole province for the time being."""
    connection.execute(
        "insert into access.unit_reader (reader, unit_code, valid_from) "
        "select %s, unit_code, valid_from from marts.dim_unit where unit_code = %s and is_current",
        [UNIT_READER, PROVINCE],
    )
    connection.commit()
    try:
        yield
    finally:
        connection.rollback()
        connection.execute("delete from access.unit_reader where reader = %s", [UNIT_READER])
        connection.commit()


def asking(connection: psycopg.Connection[Any]) -> Callable[[Question], Answer]:
    """Runs a question's SQL as the reader that it is for (see `a_province_s_reader`)."""

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
