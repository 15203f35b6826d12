"""Publishing a statistical form against a real PostgreSQL: as a month, by its own rows."""

from __future__ import annotations

import io
from datetime import datetime
from pathlib import Path
from typing import Any

import psycopg
import pyarrow.parquet as pq
import pytest
from gate_support import fill, rows
from publish_marts import fill_march, finish_transform, publish
from release_files import contents, public_rows, read_csv, tables_alone
from rich.console import Console

from service_index.publishing import content, form_view, suspension
from service_index.publishing.folder import ensure_files
from service_index.publishing.relations import (
    FORM_CHECK,
    FORM_RELATIONS,
    MONTHLY_RELATIONS,
    STATISTICAL_FORM,
    Relation,
)
from service_index.publishing.release import PublishResult
from service_index.publishing.state import PublishingRefusedError
from service_index.publishing.statistical_form import publish_form
from service_index.publishing.verification import verify
from service_index.settings import ICT

IN_SEPTEMBER = datetime(2025, 9, 16, tzinfo=ICT)
AFTER_SEPTEMBER = datetime(2025, 10, 1, tzinfo=ICT)


@pytest.fixture
def forms(warehouse: psycopg.Connection) -> psycopg.Connection:
    fill(warehouse, "marts_form.sql")
    finish_transform(warehouse, IN_SEPTEMBER)
    return warehouse


def publish_q3(connection: psycopg.Connection, **options: Any) -> PublishResult:
    return publish_form(
        connection, "2025Q3", **({"code_revision": "abc", "is_sample": True} | options)
    )


def change(connection: psycopg.Connection, statement: str) -> None:
    connection.execute(statement)
    connection.commit()


def test_a_release_holds_the_form_of_its_period(forms: psycopg.Connection) -> None:
    result = publish_q3(forms)
    assert (result.release_id, result.is_new, result.status) == ("2025Q3.r1", True, "provisional")
    columns = ", ".join(column.name for column in STATISTICAL_FORM.columns)
    copy = rows(forms, f"select {columns} from published.current_statistical_form order by 4")
    assert copy == rows(
        forms,
        f"select {columns} from marts.mart_statistical_form where period = '2025Q3' order by 4",
    )
    assert len(copy) == 38
    columns = ", ".join(column.name for column in FORM_CHECK.columns)
    copy = rows(forms, f"select {columns} from published.current_form_check order by position")
    assert copy == rows(
        forms,
        f"select {columns} from marts.mart_form_check where period = '2025Q3' order by position",
    )
    assert len(copy) == 4
    (record,) = rows(forms, "select * from published.release")
    assert (record["kind"], record["period"], record["province_code"]) == (
        "statistical_form",
        "2025Q3",
        "33",
    )
    assert record["catalogue_version"] is None
    assert record["data_cutoff"] == IN_SEPTEMBER
    assert record["content_sha256"] == content.release_sha256(forms, "2025Q3.r1")


@pytest.mark.parametrize("relation", FORM_RELATIONS, ids=lambda relation: relation.name)
def test_a_published_table_has_the_columns_that_the_code_names(
    warehouse: psycopg.Connection, relation: Relation
) -> None:
    found = rows(
        warehouse,
        "select column_name from information_schema.columns where table_schema = 'published' "
        f"and table_name = '{relation.name}'",
    )
    assert {row["column_name"] for row in found} == {
        "release_id",
        *(column.name for column in relation.columns),
    }


def test_the_same_form_makes_no_new_release_and_turns_final(forms: psycopg.Connection) -> None:
    publish_q3(forms)
    change(
        forms,
        "update marts.mart_statistical_form set value = value + 0.000, label_vi = 'Tên khác', "
        "note_vi = 'ghi chú khác'",
    )
    finish_transform(forms, AFTER_SEPTEMBER)
    second = publish_q3(forms)
    assert (second.release_id, second.is_new, second.status) == ("2025Q3.r1", False, "final")


def test_a_form_is_final_once_its_reporting_cutoff_is_reached(forms: psycopg.Connection) -> None:
    change(forms, "update marts.mart_form_period set closes_at = period_end")
    assert publish_q3(forms).status == "final"


@pytest.mark.parametrize(
    ("edit", "column"),
    [
        ("set value = 13 where row_code = 'CD.2.1'", "value"),
        ("set printed_value = '012' where row_code = 'CD.2.1'", "printed_value"),
        ("set value = null where row_code = 'CD.2.1'", "value"),
    ],
)
def test_another_figure_makes_a_revision(forms: psycopg.Connection, edit: str, column: str) -> None:
    publish_q3(forms)
    change(forms, f"update marts.mart_statistical_form {edit} and period = '2025Q3'")
    result = publish_q3(forms, reason="our_error")
    assert (result.release_id, result.changes) == ("2025Q3.r2", 1)
    assert result.previous_release_id == "2025Q3.r1"
    (noted,) = rows(forms, "select * from published.change")
    assert (noted["relation"], noted["key"], noted["column_name"], noted["cause"]) == (
        "statistical_form",
        "province_code=33, row_code=CD.2.1",
        column,
        "our_error",
    )
    (first,) = rows(
        forms,
        "select value, printed_value from published.statistical_form "
        "where release_id = '2025Q3.r1' and row_code = 'CD.2.1'",
    )
    assert (first["value"], first["printed_value"]) == (12, "12")


@pytest.mark.parametrize(
    ("prepare", "message"),
    [
        ("delete from marts.mart_form_period", "no form of 2025Q3"),
        (
            "update marts.mart_form_period set missing_months = '2025-07, 2025-08'",
            "2025Q3 is not whole, not scored: 2025-07, 2025-08",
        ),
        ("update ops.watermark set loaded_until = '2025-06-30T17:00Z'", "no data of 2025Q3"),
        ("update ops.transform_run set status = 'failed'", "did not finish"),
    ],
)
def test_an_unfit_form_is_refused(forms: psycopg.Connection, prepare: str, message: str) -> None:
    change(forms, prepare)
    with pytest.raises(PublishingRefusedError, match=message):
        publish_q3(forms)
    assert rows(forms, "select * from published.release") == []


def test_a_closed_form_is_not_cut_short(forms: psycopg.Connection) -> None:
    finish_transform(forms, AFTER_SEPTEMBER)
    assert publish_q3(forms).status == "final"
    finish_transform(forms, IN_SEPTEMBER)
    with pytest.raises(PublishingRefusedError, match="2025Q3 was published as closed"):
        publish_q3(forms)


def test_a_final_form_whose_reporting_cutoff_moves_waits_for_it(
    forms: psycopg.Connection,
) -> None:
    change(forms, "update marts.mart_form_period set closes_at = period_end")
    assert publish_q3(forms).status == "final"
    change(
        forms,
        "update marts.mart_form_period set closes_at = '2025-09-20 00:00+07'; "
        "update marts.mart_statistical_form set value = 41 where row_code = '3.1.1'",
    )
    moved = (
        "2025Q3 was final at its reporting cut-off, which has been moved to 2025-09-19 17:00 UTC, "
        "and the data end at 2025-09-15 17:00 UTC"
    )
    with pytest.raises(PublishingRefusedError, match=moved):
        publish_q3(forms)
    # Where the data end earlier than when it was closed, they are what is missing first.
    finish_transform(forms, datetime(2025, 9, 15, tzinfo=ICT))
    with pytest.raises(PublishingRefusedError, match="ingest the missing windows first"):
        publish_q3(forms)
    finish_transform(forms, datetime(2025, 9, 20, tzinfo=ICT))
    result = publish_q3(forms)
    assert (result.release_id, result.status) == ("2025Q3.r2", "revised")
    # It was closed at the later cut-off, too, by now: if the data end before it, they moved.
    finish_transform(forms, IN_SEPTEMBER)
    with pytest.raises(PublishingRefusedError, match="ingest the missing windows first"):
        publish_q3(forms)


def test_the_province_is_the_busiest_or_the_one_asked_for(forms: psycopg.Connection) -> None:
    change(
        forms,
        "insert into marts.mart_form_period select period, '34', period_start, period_end, "
        "closes_at, last_day, '2025-09' from marts.mart_form_period where period = '2025Q3'; "
        "insert into marts.mart_statistical_form (period, province_code, row_code, label_vi, "
        "value, printed_value, origin) "
        "values ('2025Q3', '34', '3.2.1', 'Hồ sơ', 39, '39', 'computed')",
    )
    publish_q3(forms)
    (record,) = rows(forms, "select province_code from published.release")
    assert record["province_code"] == "33"
    with pytest.raises(PublishingRefusedError, match="not whole"):
        publish_q3(forms, province_code="34")
    with pytest.raises(PublishingRefusedError, match="no form of 2025Q3 for the province 99"):
        publish_q3(forms, province_code="99")


def test_months_and_forms_leave_each_other_alone(warehouse: psycopg.Connection) -> None:
    fill_march(warehouse)
    fill(warehouse, "marts_form.sql")
    finish_transform(warehouse, IN_SEPTEMBER)
    assert publish_q3(warehouse).release_id == "2025Q3.r1"
    assert publish(warehouse).release_id == "2025-03.r1"
    assert not publish_q3(warehouse).is_new
    assert not publish(warehouse).is_new
    current = rows(warehouse, "select release_id from published.current_release order by 1")
    assert [row["release_id"] for row in current] == ["2025-03.r1", "2025Q3.r1"]
    for release_id, relations in (
        ("2025-03.r1", MONTHLY_RELATIONS),
        ("2025Q3.r1", FORM_RELATIONS),
    ):
        assert content.relations_of(warehouse, release_id) == relations
    (kinds,) = rows(warehouse, "select count(distinct kind) as n from published.release_pointer")
    assert kinds["n"] == 2


def test_its_files_hold_the_form(forms: psycopg.Connection, tmp_path: Path) -> None:
    folder = ensure_files(forms, publish_q3(forms).release_id, tmp_path)
    assert folder == tmp_path / "2025Q3" / "r1"
    assert contents(folder).keys() == {
        "CHANGES.csv",
        "SHA256SUMS",
        "data/form_check.csv",
        "data/form_check.parquet",
        "data/release.csv",
        "data/statistical_form.csv",
        "data/statistical_form.parquet",
        "datapackage.json",
        "documents/statistical_form.docx",
        "documents/statistical_form.pdf",
        "documents/statistical_form.xlsx",
    }
    printed = {row["row_code"]: row for row in read_csv(folder / "data" / "statistical_form.csv")}
    assert len(printed) == 38
    assert printed["3.1"]["printed_value"] == "97.50%"
    assert printed["3.1"]["value"] == "97.5"
    assert printed["1.2"]["origin"] == "by_hand"
    assert {row["data_notice"] for row in printed.values()} == {"DỮ LIỆU MẪU"}


def test_text_of_its_csv_is_as_published_but_for_hostile_text(
    forms: psycopg.Connection, tmp_path: Path
) -> None:
    hostile = {"Dòng;=1+1;x": "Dòng;'=1+1;x", "=1+1": "'=1+1"}
    for row_code, text in zip(("3.1", "1.2"), hostile, strict=True):
        forms.execute(
            "update marts.mart_statistical_form set label_vi = %s where row_code = %s",
            [text, row_code],
        )
    forms.commit()
    release_id = publish_q3(forms).release_id
    folder = tables_alone(forms, release_id, tmp_path)
    differ = {}
    for table, published in public_rows(forms, release_id):
        names = [field.name for field in table.fields if field.type == "string"]
        found = read_csv(folder / table.csv_path)
        for line, row in zip(found, published, strict=True):
            texts = {row[name] or "": line[name] for name in names if name in row}
            differ |= {text: read for text, read in texts.items() if text != read}
    assert differ == hostile
    units = {row["unit_of_measure"] for row in read_csv(folder / "data" / "statistical_form.csv")}
    assert "%" in units


def test_a_large_value_by_hand_gets_its_files(forms: psycopg.Connection, tmp_path: Path) -> None:
    change(forms, "update marts.mart_statistical_form set value = 123456789 where row_code = '1.2'")
    folder = ensure_files(forms, publish_q3(forms).release_id, tmp_path)
    path = folder / "data" / "statistical_form.parquet"
    values = {row["row_code"]: row["value"] for row in pq.read_table(path).to_pylist()}
    assert values["1.2"] == 123456789
    assert verify(forms, folder) == []


def shown(connection: psycopg.Connection, releases: Path) -> str:
    console = Console(file=io.StringIO(), width=160, record=True)
    form_view.show_form(connection, "2025Q3", releases, console)
    return console.export_text()


def test_the_terminal_prints_the_form_and_what_does_not_add_up(
    forms: psycopg.Connection, tmp_path: Path
) -> None:
    change(
        forms,
        "update marts.mart_form_check set left_value = 267922, right_value = 256669, "
        "difference = 11253, holds = false where period = '2025Q3' and position = 2; "
        "update marts.mart_statistical_form set label_vi = '[red]Dòng\x1b[2J' "
        "where row_code = 'CD.2.1'",
    )
    publish_q3(forms)
    # The release stands, whatever becomes of the marts.
    change(
        forms,
        "update marts.mart_statistical_form set printed_value = 'sai'; "
        "update marts.mart_form_check set holds = true, description_vi = 'sai'",
    )
    text = shown(forms, tmp_path)
    for expected in (
        "DỮ LIỆU MẪU",
        "2025Q3 · 2025Q3.r1",
        "Tạm tính (provisional)",
        "00:00 16/09/2025",
        "[red]Dòng [2J",
        "identities that fail): 1; khớp (hold): 2; chưa đủ số liệu (undecided): 1\n",
        str(tmp_path / "2025Q3" / "r1"),
    ):
        assert expected in text
    assert "\x1b" not in text
    assert "sai" not in text
    cells = {
        line.split("│")[1].strip(): [cell.strip() for cell in line.split("│")[2:-1]]
        for line in text.splitlines()
        if line.startswith("│") and line.split("│")[1].strip()
    }
    assert cells["3.1"] == ["Chỉ tiêu 3.1", "%", "97.50%", "tính"]
    assert cells["1.2"] == [
        "Chỉ tiêu 1.2 – bao gồm công bố chuẩn hóa",
        "Thủ tục",
        "200",
        "nhập tay",
    ]
    assert cells["3.2"][2] == ""
    assert cells["channels_add_up"] == ["Phải bằng", "267.922", "256.669"]


def test_the_terminal_tells_that_a_form_is_suspended(
    forms: psycopg.Connection, tmp_path: Path
) -> None:
    release_id = publish_q3(forms).release_id
    suspension.suspend(forms, release_id, "số liệu đang được rà soát")
    forms.commit()
    assert "Trạng thái (status): Tạm ngừng công bố (suspended)" in shown(forms, tmp_path)
    suspension.resume(forms, release_id)
    forms.commit()
    assert "Trạng thái (status): Tạm tính (provisional)" in shown(forms, tmp_path)


def test_the_terminal_without_a_release_says_so(forms: psycopg.Connection, tmp_path: Path) -> None:
    with pytest.raises(LookupError, match="form of 2025Q3 is not published yet"):
        shown(forms, tmp_path)
