"""Publishing a month against a real PostgreSQL: revisions, status, changes, refusals."""

from __future__ import annotations

import time
from datetime import datetime
from decimal import Decimal
from typing import Any

import psycopg
import pytest
from psycopg.rows import dict_row
from publish_marts import (
    AFTER_MARCH,
    IN_MARCH,
    MARCH,
    fill_march,
    finish_transform,
    publish,
    resolve_late,
)

from service_index.publishing import content
from service_index.publishing.month_state import PublishingRefusedError
from service_index.publishing.monthly import publish_month
from service_index.publishing.relations import MONTHLY_RELATIONS, Relation


def rows(connection: psycopg.Connection, query: str, *parameters: Any) -> list[dict[str, Any]]:
    with connection.cursor(row_factory=dict_row) as cursor:
        found = cursor.execute(query, parameters).fetchall()
    connection.commit()
    return found


def published(connection: psycopg.Connection, release_id: str) -> dict[str, list[dict[str, Any]]]:
    return {
        relation.name: rows(
            connection,
            f"select * from published.{relation.name} where release_id = %s "
            f"order by {', '.join(column.name for column in relation.key)}",
            release_id,
        )
        for relation in MONTHLY_RELATIONS
    }


def release(connection: psycopg.Connection, release_id: str) -> dict[str, Any]:
    return rows(connection, "select * from published.release where release_id = %s", release_id)[0]


def test_first_release_holds_the_marts_of_the_month(march: psycopg.Connection) -> None:
    created_at = datetime.fromisoformat("2025-04-02T01:00:00+00:00")
    result = publish(march, created_at=created_at, reason="method")
    assert (result.release_id, result.is_new, result.status) == ("2025-03.r1", True, "final")
    assert (result.previous_release_id, result.changes) == (None, 0)
    for relation in MONTHLY_RELATIONS:
        columns = ", ".join(column.name for column in relation.columns)
        mart = rows(march, f"select {columns} from marts.{relation.mart}")
        copy = rows(march, f"select {columns} from published.current_{relation.name}")
        assert mart
        assert sorted(copy, key=str) == sorted(mart, key=str)
    record = release(march, "2025-03.r1")
    assert record["kind"] == "monthly"
    assert record["period"] == "2025-03"
    assert record["province_code"] == "H31"
    assert record["created_at"] == created_at
    assert record["catalogue_version"] == "2022-06-23"
    assert record["data_cutoff"] == AFTER_MARCH
    assert record["is_current"] is True
    assert record["is_sample"] is True
    assert record["reason"] is None, "nothing is restated, so the reason given has no place"
    assert record["content_sha256"] == content.release_sha256(march, "2025-03.r1")


def test_published_tables_have_the_columns_that_the_code_names(warehouse: Any) -> None:
    for relation in MONTHLY_RELATIONS:
        found = rows(
            warehouse,
            "select column_name from information_schema.columns where table_schema = 'published' "
            "and table_name = %s order by ordinal_position",
            relation.name,
        )
        assert [row["column_name"] for row in found] == [
            "release_id",
            *(column.name for column in relation.columns),
        ]


def test_every_published_relation_says_what_it_is(warehouse: psycopg.Connection) -> None:
    silent = rows(
        warehouse,
        "select relname from pg_class where relnamespace = 'published'::regnamespace "
        "and relkind in ('r', 'v') and obj_description(oid, 'pg_class') is null",
    )
    assert silent == []


def test_same_numbers_make_no_new_release(march: psycopg.Connection) -> None:
    first = publish(march)
    before = rows(march, "select * from published.release")
    march.execute("update marts.fct_criterion_score set rate = rate * 1.000, score = score + 0.000")
    march.execute("update marts.mart_monthly_score set unit_name = 'Xã đổi tên'")
    march.commit()
    second = publish(march, reason="our_error")
    assert second.release_id == first.release_id
    assert (second.is_new, second.status, second.changes) == (False, "final", 0)
    assert rows(march, "select * from published.release") == before
    assert len(rows(march, "select * from published.release_status")) == 1


@pytest.mark.parametrize(
    "edit",
    [
        "update marts.fct_criterion_score set numerator = numerator - 1 "
        "where unit_code = 'H31.001' and criterion_code = '05'",
        "update marts.fct_criterion_score set score = score + 1e-30 "
        "where unit_code = 'H31.001' and criterion_code = '05'",
        "update marts.mart_monthly_score set transparency = null where unit_code = 'H31.001'",
        "update marts.mart_monthly_score set band = 'Tốt' where unit_code = 'H31.001'",
        "update marts.mart_monthly_score set previous_rank = 0 where unit_code = 'H31.001'",
        "update marts.mart_target_compliance set is_compliant = null where unit_code = 'H31.001'",
        "delete from marts.mart_target_compliance where unit_code = 'H31.001'",
        "update marts.mart_target_compliance set field_code = 'ho_tich' "
        "where unit_code = 'H31.001' and field_code = 'ho-tich'",
    ],
)
def test_any_other_number_makes_a_revision(march: psycopg.Connection, edit: str) -> None:
    publish(march)
    march.execute(edit)
    march.commit()
    second = publish(march)
    assert (second.release_id, second.status) == ("2025-03.r2", "revised")
    assert second.changes > 0
    assert release(march, "2025-03.r2")["reason"] == "late_data"


def plain(value: Any) -> str | None:
    """The canonical text of a value, computed apart from the SQL under test."""
    if value is None or isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    text = f"{Decimal(value):f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def expected_changes(
    relation: Relation, old: list[dict[str, Any]], new: list[dict[str, Any]]
) -> set[tuple[str | None, ...]]:
    def by_key(found: list[dict[str, Any]]) -> dict[str, dict[str, Any]]:
        return {", ".join(f"{c.name}={row[c.name]}" for c in relation.key): row for row in found}

    before, after = by_key(old), by_key(new)
    names = [c.name for c in relation.columns if c not in relation.key and c.name != "period_month"]
    return {
        (relation.name, key, name, plain(was), plain(now))
        for key in before.keys() | after.keys()
        for name in names
        if (was := before.get(key, {}).get(name)) != (now := after.get(key, {}).get(name))
    }


@pytest.mark.fault(14, "one number of a published month is another")
def test_late_data_restates_with_exactly_the_changes(march: psycopg.Connection) -> None:
    publish(march)
    first = published(march, "2025-03.r1")
    resolve_late(march, "H31.003", 12)
    march.execute("delete from marts.mart_target_compliance where unit_code = 'H31.D02'")
    march.execute("update marts.mart_monthly_score set unit_name = 'X' where unit_code = 'H31.004'")
    march.commit()
    result = publish(march, reason="source_correction")
    second = published(march, "2025-03.r2")
    assert published(march, "2025-03.r1") == first
    changes = rows(march, "select * from published.change")
    assert {c["release_id"] for c in changes} == {"2025-03.r2"}
    assert {c["cause"] for c in changes} == {"source_correction"}
    found = {
        (c["relation"], c["key"], c["column_name"], c["old_value"], c["new_value"]) for c in changes
    }
    assert len(found) == len(changes) == result.changes
    expected = set().union(
        *(expected_changes(r, first[r.name], second[r.name]) for r in MONTHLY_RELATIONS)
    )
    assert found == expected
    key = "unit_code=H31.003, criterion_code=05"
    assert ("criterion_score", key, "numerator", "48", "36") in found
    current = rows(march, "select release_id from published.release where is_current")
    assert current == [{"release_id": "2025-03.r2"}]
    assert result.previous_release_id == "2025-03.r1"


def test_open_month_is_provisional_and_turns_final_by_a_status_row(
    march: psycopg.Connection,
) -> None:
    finish_transform(march, IN_MARCH)
    first = publish(march)
    assert (first.is_new, first.status) == (True, "provisional")
    assert release(march, "2025-03.r1")["data_cutoff"] == IN_MARCH
    finish_transform(march, AFTER_MARCH)
    second = publish(march)
    assert (second.release_id, second.is_new, second.status) == ("2025-03.r1", False, "final")
    statuses = rows(march, "select status, data_cutoff from published.release_status order by 1")
    assert statuses == [
        {"status": "final", "data_cutoff": AFTER_MARCH},
        {"status": "provisional", "data_cutoff": IN_MARCH},
    ]
    record = release(march, "2025-03.r1")
    assert (record["status"], record["data_cutoff"]) == ("final", AFTER_MARCH)


def test_statuses_of_revisions_before_and_after_the_close(march: psycopg.Connection) -> None:
    statuses = []
    for number, cutoff in enumerate((IN_MARCH, IN_MARCH, AFTER_MARCH, AFTER_MARCH), start=1):
        finish_transform(march, cutoff)
        resolve_late(march, "H31.005", 1)
        result = publish(march)
        assert result.release_id == f"2025-03.r{number}"
        statuses.append(result.status)
    assert statuses == ["provisional", "provisional", "final", "revised"]
    assert publish(march).status == "revised", "unchanged numbers leave the status alone"


def test_suspended_release_stays_suspended_when_its_numbers_stand(
    march: psycopg.Connection,
) -> None:
    publish(march)
    march.execute(
        "insert into published.release_status (release_id, status, data_cutoff, recorded_at) "
        "values ('2025-03.r1', 'suspended', now(), now())"
    )
    march.commit()
    assert publish(march).status == "suspended"


def test_other_sample_mark_makes_a_revision(march: psycopg.Connection) -> None:
    publish(march)
    result = publish(march, is_sample=False)
    assert (result.release_id, result.changes) == ("2025-03.r2", 0)
    assert release(march, "2025-03.r2")["reason"] == "source_correction"
    assert release(march, "2025-03.r1")["is_sample"] is True


@pytest.mark.parametrize(
    ("prepare", "message"),
    [
        ("delete from ops.watermark where feed = 'ratings'", "no data of 2025-03"),
        ("update ops.watermark set loaded_until = '2025-02-28T17:00Z'", "no data of 2025-03"),
        ("delete from marts.fct_criterion_score", "no scores of 2025-03"),
        ("delete from marts.mart_monthly_score where unit_type = 'province'", "no province"),
        ("update ops.transform_run set status = 'failed'", "did not finish"),
        ("delete from ops.transform_run", "did not finish"),
    ],
)
def test_unfit_marts_are_refused(march: psycopg.Connection, prepare: str, message: str) -> None:
    march.execute(prepare)
    march.commit()
    with pytest.raises(PublishingRefusedError, match=message):
        publish(march)
    assert rows(march, "select * from published.release") == []


def test_closed_month_is_not_cut_short_by_a_cutoff_that_moved_back(
    march: psycopg.Connection,
) -> None:
    publish(march)
    finish_transform(march, IN_MARCH)
    resolve_late(march, "H31.005", 1)
    with pytest.raises(PublishingRefusedError, match="published as closed"):
        publish(march)


def test_cutoff_is_the_one_that_the_marts_were_built_with(march: psycopg.Connection) -> None:
    finish_transform(march, IN_MARCH)
    march.execute("update ops.watermark set loaded_until = %s", [AFTER_MARCH])
    march.commit()
    assert publish(march).status == "provisional"


def test_values_that_a_column_would_round_are_refused(march: psycopg.Connection) -> None:
    march.execute("alter table marts.mart_target_compliance alter numerator type numeric")
    march.execute("update marts.mart_target_compliance set numerator = 0.5")
    march.commit()
    with pytest.raises(PublishingRefusedError, match="not those of the marts"):
        publish(march)


def test_province_is_the_busiest_or_the_one_asked_for(march: psycopg.Connection) -> None:
    for code, value in (("H45", 500), ("H29", 500), ("H01", 1)):
        march.execute(
            "insert into marts.mart_monthly_score (period_month, province_code, unit_code, "
            "unit_type) values (%s, %s, %s, 'province')",
            [MARCH, code, code],
        )
        march.execute(
            "insert into marts.fct_measure values (%s, %s, 'dossiers_resolved', %s), "
            "(%s, %s, 'petitions_received', 9999)",
            [MARCH, code, value, MARCH, code],
        )
    march.commit()
    publish(march)
    assert release(march, "2025-03.r1")["province_code"] == "H29", "a tie goes to the smaller code"
    resolve_late(march, "H31.005", 1)
    march.execute(
        "insert into marts.mart_monthly_score (period_month, province_code, unit_code, "
        "unit_type) values (%s, 'H31', 'H32', 'province')",
        [MARCH],
    )
    march.commit()
    publish(march, province_code="H31")
    assert release(march, "2025-03.r2")["province_code"] == "H31"
    with pytest.raises(PublishingRefusedError, match="no province H99"):
        publish(march, province_code="H99")


def test_published_tables_are_append_only(march: psycopg.Connection) -> None:
    publish(march)
    tables = rows(march, "select tablename from pg_tables where schemaname = 'published'")
    assert len(tables) == 19
    for table in (f"published.{row['tablename']}" for row in tables):
        column = rows(
            march,
            "select attname from pg_attribute where attnum = 1 and attrelid = %s::regclass",
            table,
        )[0]["attname"]
        for statement in (
            f"update {table} set {column} = default",
            f"delete from {table}",
            f"truncate {table} cascade",
        ):
            with (
                pytest.raises(psycopg.errors.ObjectNotInPrerequisiteState, match="append-only"),
                march.transaction(),
            ):
                march.execute(statement)


@pytest.mark.parametrize("release_id", ["2025-03.r1", "2025-03.r9"])
def test_a_release_takes_no_later_rows(march: psycopg.Connection, release_id: str) -> None:
    publish(march)
    with pytest.raises(psycopg.errors.ObjectNotInPrerequisiteState, match="takes no row"):
        march.execute(
            "insert into published.monthly_score "
            "(release_id, period_month, province_code, unit_code, unit_type) "
            "values (%s, '2025-03-01', 'H31', 'H31.999', 'commune')",
            [release_id],
        )


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"reason": "because"}, "no reason"),
        ({"created_at": datetime(2025, 4, 1)}, "time zone"),  # noqa: DTZ001 - that is the case
    ],
)
def test_wrong_arguments_are_refused(
    march: psycopg.Connection, arguments: dict[str, Any], message: str
) -> None:
    with pytest.raises(ValueError, match=message):
        publish(march, **arguments)


def test_a_month_is_its_first_day(march: psycopg.Connection) -> None:
    with pytest.raises(ValueError, match="first day"):
        publish_month(march, MARCH.replace(day=2), code_revision="abc", is_sample=True)


def test_a_transaction_of_the_caller_is_not_committed(march: psycopg.Connection) -> None:
    march.execute("select 1")
    with pytest.raises(ValueError, match="open transaction"):
        publish(march)


def test_five_hundred_units_take_under_two_seconds(warehouse: psycopg.Connection) -> None:
    fill_march(warehouse, communes=489)
    for expected in ("2025-03.r1", "2025-03.r2"):
        started = time.perf_counter()
        assert publish(warehouse).release_id == expected
        assert time.perf_counter() - started < 2
        resolve_late(warehouse, "H31.005", 1)
