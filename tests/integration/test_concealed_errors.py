"""What the database quotes of a row stays in the database: errors keep kind and place."""

from __future__ import annotations

import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import psycopg
import pytest
import sqlalchemy

from service_index.orchestration import failures
from service_index.settings import SettingsError
from service_index.sources.endpoint import SourceEndpoint
from service_index.warehouse.connection import conceal_errors_of, connect, sqlalchemy_url
from service_index.warehouse.errors import conceal

NAME = "Nguyễn Văn Hoàng-Yến"
TABLE = """
create temporary table person (
    number integer, name varchar(40) unique not null,
    born date constraint of_age check (born < '2000-01-01')
)
"""
INSERT = "insert into person values (1, %s, '1990-01-01')"


def _copy(connection: psycopg.Connection) -> None:
    with connection.cursor().copy("copy person from stdin") as copy:
        copy.write(f"1\tA\t1990-01-01\n{NAME}\tB\t1990-01-01\n")


def _copy_too_few(connection: psycopg.Connection) -> None:
    with connection.cursor().copy("copy person from stdin") as copy:
        copy.write(f"1\t{NAME}\n")


def _twice(connection: psycopg.Connection) -> None:
    connection.cursor().executemany(INSERT, [[NAME], [NAME]])


def _read_through_a_cursor(connection: psycopg.Connection) -> None:
    with connection.cursor(name="bad") as cursor:
        cursor.execute("select %s::text::integer", [NAME])
        cursor.fetchall()


FAILURES: dict[str, tuple[Callable[[psycopg.Connection], object], type[Exception], str]] = {
    "copied": (_copy, psycopg.errors.InvalidTextRepresentation, "COPY person, line 2"),
    "too few columns": (_copy_too_few, psycopg.errors.BadCopyFileFormat, "COPY person, line 1"),
    "not unique": (_twice, psycopg.errors.UniqueViolation, "constraint person_name_key"),
    "through a cursor": (
        _read_through_a_cursor, psycopg.errors.InvalidTextRepresentation, "SQLSTATE 22P02",
    ),
    "missing": (
        lambda c: c.execute("insert into person values (1, null, %s)", ["1990-01-01"]),
        psycopg.errors.NotNullViolation, "column name",
    ),
    "checked": (
        lambda c: c.execute("insert into person values (1, %s, '2010-01-01')", [NAME]),
        psycopg.errors.CheckViolation, "constraint of_age",
    ),
    "too long": (
        lambda c: c.execute(INSERT, [NAME * 9]),
        psycopg.errors.StringDataRightTruncation, "SQLSTATE 22001",
    ),
    "no date": (
        lambda c: c.execute("select %s::text::date", [NAME]),
        psycopg.errors.InvalidDatetimeFormat, "SQLSTATE 22007",
    ),
    "no JSON": (
        lambda c: c.execute("select %s::text::jsonb", [NAME]),
        psycopg.errors.InvalidTextRepresentation, "SQLSTATE 22P02",
    ),
}  # fmt: skip


@contextmanager
def person(dsn: str) -> Iterator[psycopg.Connection]:
    with connect(dsn) as connection:
        connection.execute(TABLE)
        connection.commit()
        yield connection


@pytest.mark.parametrize("what", FAILURES)
def test_an_error_tells_kind_and_place_and_quotes_no_row(warehouse_dsn: str, what: str) -> None:
    fail, kind, place = FAILURES[what]
    with person(warehouse_dsn) as connection:
        with pytest.raises(kind) as raised:
            fail(connection)
        connection.rollback()
    told = "".join(traceback.format_exception(raised.value))
    assert place in told
    for part in (NAME, NAME[:6], "1990-01-01", "2010-01-01", "Failing row", "Key ("):
        assert part not in str(raised.value)
    assert NAME not in told


def test_the_database_itself_would_have_quoted_it(warehouse_dsn: str) -> None:
    with psycopg.connect(warehouse_dsn) as connection:
        connection.execute(TABLE)
        with pytest.raises(psycopg.errors.UniqueViolation) as raised:
            _twice(connection)
    assert NAME in str(raised.value)
    conceal(raised.value)
    assert NAME not in str(raised.value)


def test_without_a_server_the_error_stays_as_it_is() -> None:
    with pytest.raises(psycopg.OperationalError, match="connection to server"):
        connect("postgresql:///none?host=/nowhere")


def test_sqlalchemy_quotes_no_row_either(warehouse_dsn: str) -> None:
    """The gates' and the migrations' way to the database."""
    engine = conceal_errors_of(sqlalchemy.create_engine(sqlalchemy_url(warehouse_dsn)))
    statement = f"select 1 from (values ('{NAME}')) as person (name) where name::integer = 1"
    with engine.connect() as connection, pytest.raises(sqlalchemy.exc.DataError) as raised:
        connection.execute(sqlalchemy.text(statement))
    engine.dispose()
    assert NAME not in str(raised.value.orig)
    assert NAME not in str(raised.value).replace(statement, "")


def test_of_pythons_own_errors_the_words_are_left_out_where_records_pass() -> None:
    with pytest.raises(RuntimeError) as raised, failures.quoting_no_record():
        try:
            int(NAME)
        except ValueError:
            try:
                _ = {}[NAME]
            except KeyError as error:
                raise RuntimeError(f"cannot read {NAME}") from error
    told = "".join(traceback.format_exception(raised.value))
    assert "ValueError" in told
    assert "KeyError" in told
    assert "test_concealed_errors.py" in told
    assert "Nguyễn" not in told


def test_what_was_set_wrongly_and_the_systems_errors_keep_their_words() -> None:
    with pytest.raises(SettingsError, match="lacks client_id"), failures.quoting_no_record():
        SourceEndpoint.from_uri("http://host/base")
    with pytest.raises(OSError, match="No such file"), failures.quoting_no_record():
        open("/nowhere/at/all")  # noqa: PTH123, SIM115 - it is to fail
