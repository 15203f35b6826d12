"""What each role can do and cannot, in a warehouse that went the whole way; who sees whose rows."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager

import psycopg
import pytest
from late_batch import PROCEDURE, dossier
from psycopg import sql

from service_index.orchestration import stages
from service_index.orchestration import transform as transforming
from service_index.orchestration.dbt_build import TransformError
from service_index.warehouse import access
from service_index.warehouse.access import privileges
from service_index.warehouse.access.logins import LoginError, add_login, logins, remove_login
from simulator.server import SampleSource
from tests.pipeline import Pipeline, open_pipeline
from tests.warehouses import fresh_warehouse

PASSWORD = "long enough for a reader"
OLD, NEW = ("20100101", "20250630"), ("20250701", None)


def unit(code: str, kind: str, above: str, days: tuple[str, str | None], heir: str = "") -> dict:
    return {
        "MaDonVi": code, "TenDonVi": f"Đơn vị {code}", "HieuLucTu": days[0], "LoaiDonVi": kind,
        **({"HieuLucDen": days[1]} if days[1] else {}),
        **({"MaDonViKeThua": heir} if heir else {}),
        **({"MaTinh": "33", "MaDonViCha": above} if above else {}),
    }  # fmt: skip


# Y1 became part of X1, and X1 of X2; X1's code names another commune since.
UNITS = [
    unit("33", "tinh", "", ("20100101", None)),
    unit("Y1", "xa", "33", ("20100101", "20241231"), heir="X1"),
    unit("X1", "xa", "33", OLD, heir="X2"),
    unit("X1", "xa", "33", NEW),
    unit("X2", "xa", "33", ("20100101", None)),
    unit("P1", "so", "X2", ("20100101", None)),
]


def of(number: int, code: str, day: str) -> dict[str, object]:
    return dossier(number, code, resolved=f"{day}150000", updated=f"{day}150000") | {
        "NgayTiepNhan": f"{day}080000",
        "NgayHenTra": f"{day}170000",
    }


LONG_AGO, BEFORE, AFTER = "20241114", "20250611", "20250709"
DOSSIERS = [
    *(of(n, "X1", BEFORE) for n in (1, 2)),
    *(of(n, "X1", AFTER) for n in (11, 12, 13)),
    of(21, "X2", BEFORE),
    of(22, "X2", AFTER),
    of(31, "P1", AFTER),
    # Received by Y1, and resolved in June.
    of(41, "Y1", BEFORE) | {"NgayTiepNhan": f"{LONG_AGO}080000"},
]


@pytest.fixture(scope="module")
def pipeline(postgres_server: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Pipeline]:
    """A month published and another after it: a full refresh, then an increment."""
    feeds = {"units": UNITS, "procedures": [PROCEDURE], "dossiers": DOSSIERS}
    with (
        pytest.MonkeyPatch.context() as patch,
        SampleSource.from_records(feeds) as source,
        fresh_warehouse(postgres_server) as dsn,
    ):
        opened = open_pipeline(patch, tmp_path_factory.mktemp("access"), dsn, source.connection_uri)
        opened.ingest("2025-06-01", "2025-07-01")
        opened.score("2025-06")
        opened.publish("2025-06")
        opened.ingest("2025-07-01", "2025-08-01")
        opened.score("2025-07")
        yield opened


@pytest.fixture
def readers(pipeline: Pipeline) -> Iterator[list[str]]:
    """Names of logins that the test adds, gone afterwards."""
    names: list[str] = []
    yield names
    with pipeline.connect() as connection:
        for name in names:
            connection.execute(sql.SQL("drop owned by {}").format(sql.Identifier(name)))
            connection.execute(sql.SQL("drop role {}").format(sql.Identifier(name)))
        connection.execute("delete from access.unit_reader")


@contextmanager
def signed_in(pipeline: Pipeline, name: str) -> Iterator[psycopg.Connection]:
    """As that login; the server lets everybody on this machine in."""
    with psycopg.connect(pipeline.dsn.replace("postgres:@", f"{name}:@")) as connection:
        yield connection


def reader(pipeline: Pipeline, names: list[str], name: str, *units: str) -> str:
    with pipeline.connect() as connection:
        add_login(connection, name, PASSWORD, units)
    names.append(name)
    return name


def seen(pipeline: Pipeline, name: str, relation: str = "marts.fct_dossier") -> set[int]:
    with signed_in(pipeline, name) as connection:
        rows = connection.execute(f"select dossier_id from {relation}").fetchall()
    return {int(key.removeprefix("H")) for (key,) in rows}


def refuses(connection: psycopg.Connection, statement: str) -> None:
    with pytest.raises(psycopg.errors.InsufficientPrivilege):
        connection.execute(statement)
    connection.rollback()


def test_the_matrix_is_what_the_catalogue_says(pipeline: Pipeline) -> None:
    ours = {*access.ROLES, privileges.PUBLIC}
    with pipeline.connect() as connection:
        there = {grant for grant in privileges.actual(connection) if grant[1] in ours}
    assert there == privileges.wanted()
    assert not [grant for grant in there if grant[1] == privileges.PUBLIC]


@pytest.mark.parametrize("role", access.READERS)
def test_a_reader_reads_marts_and_releases_and_nothing_else(pipeline: Pipeline, role: str) -> None:
    with signed_in(pipeline, role) as connection:
        (scores,) = connection.execute("select count(*) from marts.mart_monthly_score").fetchone()
        (releases,) = connection.execute("select count(*) from published.release").fetchone()
        assert scores and releases
        for relation in (
            "raw.dossiers", "quarantine.record", "ops.batch", "staging.stg_dossiers",
            "intermediate.int_period", "access.unit_reader",
            "marts.mart_resolved_without_online_payment",
        ):  # fmt: skip
            refuses(connection, f"select * from {relation}")
        refuses(connection, "delete from marts.mart_monthly_score")
        refuses(connection, "update published.release_record set reason = ''")
        refuses(connection, "create table marts.mine (one int)")
        refuses(connection, "create table public.mine (one int)")
        refuses(connection, "create temporary table mine (one int)")
        timeout = connection.execute("show statement_timeout").fetchone()
    assert timeout == ("1min",)


def test_only_a_reader_of_a_unit_may_look_at_dossiers_at_all(pipeline: Pipeline) -> None:
    with signed_in(pipeline, access.BI_READER) as connection:
        refuses(connection, "select count(*) from marts.fct_dossier")
    assert seen(pipeline, access.UNIT_READER) == set()


@pytest.mark.parametrize(
    ("role", "own", "foreign"),
    [
        (access.LOADER, "raw.dossiers", ("marts.mart_monthly_score", "published.release_record")),
        (access.TRANSFORMER, "marts.mart_monthly_score", ("raw.dossiers", "quarantine.record")),
        (access.PUBLISHER, "published.release_record", ("raw.dossiers", "marts.fct_measure")),
    ],
)
def test_a_role_of_the_pipeline_writes_what_is_its_own(
    pipeline: Pipeline, role: str, own: str, foreign: tuple[str, ...]
) -> None:
    with psycopg.connect(access.as_role(pipeline.dsn, role)) as connection:
        assert connection.execute("select current_user").fetchone() == (role,)
        connection.execute(f"lock table {own} in row exclusive mode")
        connection.rollback()
        for relation in foreign:
            refuses(connection, f"delete from {relation}")


def test_a_unit_s_reader_sees_its_own_and_what_is_below_and_what_it_took_over(
    pipeline: Pipeline, readers: list[str]
) -> None:
    # The code X1 named another commune until June, which is part of X2 now.
    assert seen(pipeline, reader(pipeline, readers, "reads_x1", "X1")) == {11, 12, 13}
    of_x2 = {1, 2, 21, 22, 31, 41}
    assert seen(pipeline, reader(pipeline, readers, "reads_x2", "X2")) == of_x2
    assert seen(pipeline, reader(pipeline, readers, "reads_p1", "P1")) == {31}
    everything = {1, 2, 11, 12, 13, 21, 22, 31, 41}
    assert seen(pipeline, reader(pipeline, readers, "reads_all", "33")) == everything
    assert seen(pipeline, reader(pipeline, readers, "reads_two", "X1", "P1")) == {11, 12, 13, 31}


def test_a_login_is_not_handed_on_with_its_unit_s_code(
    pipeline: Pipeline, readers: list[str]
) -> None:
    """One that was made while X1 was the old commune sees that one's dossiers, and no more."""
    name = reader(pipeline, readers, "of_old_x1", "X1")
    with pipeline.connect() as connection:
        connection.execute(
            "update access.unit_reader set valid_from = '2010-01-01' where reader = %s", [name]
        )
    assert seen(pipeline, name) == {1, 2, 41}


def test_no_way_round_through_a_view_a_function_or_a_guess(
    pipeline: Pipeline, readers: list[str]
) -> None:
    name = reader(pipeline, readers, "reads_x1", "X1")
    with pipeline.connect() as connection:
        connection.execute(
            "create view marts.by_view with (security_invoker) as select * from marts.fct_dossier; "
            "create function marts.by_function() returns setof marts.fct_dossier language sql "
            "stable as 'select * from marts.fct_dossier'; "
            f"grant select on marts.by_view to {name}; "
            f"grant execute on function marts.by_function() to {name}"
        )
    try:
        assert seen(pipeline, name, "marts.by_view") == {11, 12, 13}
        assert seen(pipeline, name, "marts.by_function()") == {11, 12, 13}
        with signed_in(pipeline, name) as connection:
            # A condition that fails on a foreign row only would tell that there is one.
            connection.execute(
                "select from marts.fct_dossier "
                "where 1 / (case dossier_id when 'H21' then 0 else 1 end) = 1"
            )
            refuses(connection, f"set role {access.TRANSFORMER}")
            refuses(connection, "select * from access.unit_reader")
    finally:
        with pipeline.connect() as connection:
            connection.execute("drop view marts.by_view; drop function marts.by_function()")


def test_after_a_full_refresh_all_is_as_before(pipeline: Pipeline, readers: list[str]) -> None:
    name = reader(pipeline, readers, "reads_x1", "X1")
    with stages.open_warehouse(access.TRANSFORMER) as (connection, dsn, settings):
        transforming.transform(connection, dsn, settings, full_refresh=True)
        assert access.differences(connection) == []
    assert seen(pipeline, name) == {11, 12, 13}
    with signed_in(pipeline, access.BI_READER) as connection:
        refuses(connection, "select count(*) from marts.fct_dossier")
        assert connection.execute("select count(*) from marts.dim_unit").fetchone() != (0,)


@pytest.mark.parametrize(
    ("statement", "bare"),
    [
        ("alter table marts.fct_dossier disable row level security", "marts.fct_dossier"),
        ("drop policy own_units on marts.fct_dossier", "marts.fct_dossier"),
        ("create policy open on marts.fct_dossier using (true)", "marts.fct_dossier"),
    ],
)
def test_a_table_without_its_guard_is_closed_and_stops_the_transform(
    pipeline: Pipeline, statement: str, bare: str
) -> None:
    with pipeline.connect() as connection:
        assert access.unguarded(connection) == []
        connection.execute(statement)
        assert access.unguarded(connection) == [bare]
        for _ in ("at once", "and at the retry"):
            with pytest.raises(TransformError, match=rf"^{re.escape(bare)} would show"):
                transforming.settle_access(connection)
        row = connection.execute(
            "select has_table_privilege('unit_reader', 'marts.fct_dossier', 'select')"
        ).fetchone()
        assert row == (False,)
        connection.rollback()


@pytest.mark.parametrize("kind", ["view", "materialized view"])
def test_a_view_with_its_owner_s_eyes_is_found_and_closed(pipeline: Pipeline, kind: str) -> None:
    with pipeline.connect() as connection:
        connection.execute(
            "create view marts.inner_view with (security_invoker) as "
            "select * from marts.fct_dossier; "
            f"create {kind} marts.leak as select * from marts.inner_view; "
            "grant select on marts.inner_view to unit_reader"
        )
        assert access.unguarded(connection) == []
        connection.execute("grant select on marts.leak to unit_reader")
        assert access.unguarded(connection) == ["marts.leak"]
        transforming.settle_access(connection)
        assert access.unguarded(connection) == []
        connection.rollback()


def test_what_others_were_granted_by_hand_is_told(pipeline: Pipeline) -> None:
    with pipeline.connect() as connection:
        assert access.foreign_grants(connection) == []
        connection.execute(
            "create role an_analyst; grant select on raw.dossiers to an_analyst; "
            "grant select (dossier_id) on marts.fct_dossier to bi_reader"
        )
        assert access.foreign_grants(connection) == [
            "an_analyst has select on raw.dossiers",
            "bi_reader has select on marts.fct_dossier (dossier_id)",
        ]
        connection.rollback()


def test_what_was_changed_by_hand_is_mended(pipeline: Pipeline) -> None:
    with pipeline.connect() as connection:
        connection.execute(
            "grant select on marts.fct_dossier to bi_reader; "
            "grant select on raw.dossiers to public; "
            "revoke select on marts.dim_unit from bi_reader; "
            "alter table ops.batch owner to current_user"
        )
        changed = {str(difference) for difference in access.apply(connection)}
        assert changed >= {
            "bi_reader has select on marts.fct_dossier",
            "public has select on raw.dossiers",
            "bi_reader lacks select on marts.dim_unit",
            "service_index_loader lacks owner on ops.batch",
        }
        assert access.differences(connection) == []
        connection.rollback()


def test_a_login_of_nobody_s_may_not_even_connect(pipeline: Pipeline) -> None:
    with pipeline.connect() as connection:
        connection.execute("create role a_stranger login")
    try:
        with pytest.raises(psycopg.OperationalError, match="CONNECT privilege"):
            psycopg.connect(pipeline.dsn.replace("postgres:@", "a_stranger:@"))
    finally:
        with pipeline.connect() as connection:
            connection.execute("drop role a_stranger")


def test_logins_are_added_changed_listed_and_removed(
    pipeline: Pipeline, readers: list[str]
) -> None:
    with pipeline.connect() as connection:
        for name in ("postgres", access.BI_READER, access.LOADER):
            with pytest.raises(LoginError, match="no login that reads"):
                add_login(connection, name, PASSWORD)
        with pytest.raises(LoginError, match="no unit X9"):
            add_login(connection, "reads_x9", PASSWORD, ["X9"])
        with pytest.raises(LoginError, match="12 characters"):
            add_login(connection, "reads_little", "short")
        add_login(connection, "comes_and_goes", PASSWORD, ["X1"])
        add_login(connection, "comes_and_goes", PASSWORD)
        assert [(one.name, one.role, one.unit_codes) for one in logins(connection)] == [
            ("comes_and_goes", access.BI_READER, ())
        ]
        stored = connection.execute(
            "select rolpassword from pg_authid where rolname = 'comes_and_goes'"
        ).fetchone()
        assert stored and stored[0].startswith("SCRAM-SHA-256$")
        remove_login(connection, "comes_and_goes")
        assert logins(connection) == []
        with pytest.raises(LoginError, match="no login comes_and_goes"):
            remove_login(connection, "comes_and_goes")
