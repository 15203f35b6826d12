"""The folder of a release: what lies in it, and what the tables hold."""

from __future__ import annotations

import csv
import io
import json
import subprocess
from decimal import Decimal
from pathlib import Path

import psycopg
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from publish_marts import MARCH, publish, resolve_late
from release_files import contents, public_rows, read_csv, read_value, tables_alone

from service_index.publishing.folder import ensure_files
from service_index.publishing.open_data import parquet
from service_index.publishing.relations import MONTHLY_RELATIONS

HOSTILE = (
    ('=HYPERLINK("http://x";"Xã")', '\'=HYPERLINK("http://x";"Xã")'),
    ("  +1+1", "'  +1+1"),
    ("-2", "-2"),
    ("-2+3", "'-2+3"),
    ("@SUM(A1)", "'@SUM(A1)"),
    ("＝1+1", "'＝1+1"),
    ("\t=1", "' =1"),
    ("Xã\r\n\x07\u202eA", "Xã    A"),
    ('Xã "A", <script>; {{ 7*7 }}', 'Xã "A", <script>; {{ 7*7 }}'),
    ("Xã " * 2000, "Xã " * 2000),
    ("", ""),
    ("%", "%"),
    ("Xã A;=1+1;x", "Xã A;'=1+1;x"),
    ('Xã A;;\t"＝1+1"; -2+3', "Xã A;;' \"＝1+1\";' -2+3"),
    ("Xã A; B;-2;-2", "Xã A; B;-2;-2"),
    ("Xã A\t=1+1", "Xã A =1+1"),
)
TABLES = sorted(relation.name for relation in MONTHLY_RELATIONS)


def test_csv_holds_every_published_value(march: psycopg.Connection, tmp_path: Path) -> None:
    release_id = publish(march).release_id
    folder = tables_alone(march, release_id, tmp_path)
    tables = public_rows(march, release_id)
    assert sorted(table.name for table, _ in tables) == TABLES
    for table, expected in tables:
        found = read_csv(folder / "data" / f"{table.name}.csv")
        assert len(found) == len(expected) > 0
        assert list(found[0]) == [field.name for field in table.fields]
        for line, row in zip(found, expected, strict=True):
            assert line.pop("data_notice") == "DỮ LIỆU MẪU"
            types = {field.name: field.type for field in table.fields}
            assert {name: read_value(text, types[name]) for name, text in line.items()} == row


def test_parquet_holds_every_published_value_exactly(
    march: psycopg.Connection, tmp_path: Path
) -> None:
    release_id = publish(march).release_id
    folder = tables_alone(march, release_id, tmp_path)
    for table, expected in public_rows(march, release_id):
        found = pq.read_table(folder / "data" / f"{table.name}.parquet")
        assert found.drop_columns(["data_notice"]).to_pylist() == expected
        assert set(found["data_notice"].to_pylist()) == {"DỮ LIỆU MẪU"}
        assert {
            name: value
            for name, value in found.schema.metadata.items()
            if not name.startswith(b"ARROW")
        } == {
            b"release_id": b"2025-03.r1",
            b"status": b"final",
            b"data_cutoff": b"2025-03-31T17:00:00.000000Z",
            b"data_notice": "DỮ LIỆU MẪU".encode(),
        }
    scores = pq.read_schema(folder / "data" / "criterion_score.parquet")
    assert scores.field("rate").type == pa.decimal128(38, 30)
    assert scores.field("denominator").type == pa.int64()
    assert scores.field("period_month").type == pa.date32()
    compliance = pq.read_schema(folder / "data" / "target_compliance.parquet")
    assert compliance.field("is_compliant").type == pa.bool_()


@pytest.mark.parametrize(
    ("value", "type_"),
    [
        ("99999999." + "1" * 30, pa.decimal128(38, 30)),
        ("-99999999." + "0" * 31, pa.decimal128(38, 30)),
        ("123456789", pa.decimal256(76, 30)),
        ("-123456789." + "1" * 30, pa.decimal256(76, 30)),
        ("0." + "1" * 31, pa.decimal256(76, 31)),
        ("9" * 46 + "." + "9" * 30, pa.decimal256(76, 30)),
        ("9" * 70 + "." + "9" * 2, pa.decimal256(76, 6)),
    ],
)
def test_number_of_any_size_is_exact(
    march: psycopg.Connection, tmp_path: Path, value: str, type_: pa.DataType
) -> None:
    march.execute(
        "update marts.mart_national_average set average_score = %s where group_code = 'total'",
        [Decimal(value)],
    )
    march.commit()
    release_id = publish(march).release_id
    for name in ("once", "again"):
        (tmp_path / name).mkdir()
        tables_alone(march, release_id, tmp_path / name)
    path = tmp_path / "once" / "data" / "national_average.parquet"
    assert path.read_bytes() == (tmp_path / "again" / "data" / path.name).read_bytes()
    found = pq.read_table(path)
    assert found.schema.field("average_score").type == type_
    assert Decimal(value) in found["average_score"].to_pylist()
    other = pq.read_schema(path.with_name("criterion_score.parquet"))
    assert other.field("rate").type == parquet.NUMBER


@pytest.mark.parametrize("value", ["1" * 47 + "." + "1" * 30, "1" * 77, "NaN"])
def test_number_that_parquet_cannot_hold_is_not_rounded(
    march: psycopg.Connection, tmp_path: Path, value: str
) -> None:
    march.execute(
        "update marts.mart_national_average set average_score = %s where group_code = 'total'",
        [Decimal(value)],
    )
    march.commit()
    release_id = publish(march).release_id
    with pytest.raises(pa.ArrowInvalid):
        ensure_files(march, release_id, tmp_path)
    assert not (tmp_path / "2025-03" / "r1").exists()
    assert march.execute("select count(*) from published.release_files").fetchone() == (0,)


def test_parquet_is_written_a_row_group_at_a_time(
    march: psycopg.Connection, tmp_path: Path
) -> None:
    march.execute(
        "insert into marts.mart_target_compliance (period_month, basis, metric_code, unit_code, "
        "field_code, numerator, denominator) "
        "select %s, 'month', 'end_to_end_online', 'H31', 'f' || n, 6, 9 "
        "from generate_series(1, %s) as n",
        [MARCH, parquet.ROWS_AT_A_TIME],
    )
    march.commit()
    folder = tables_alone(march, publish(march).release_id, tmp_path)
    file = pq.ParquetFile(folder / "data" / "target_compliance.parquet")
    assert file.num_row_groups == 2
    assert file.metadata.row_group(0).num_rows == parquet.ROWS_AT_A_TIME
    found = set(file.read(["unit_code", "field_code"]).column("field_code").to_pylist())
    assert found == {"*", "ho-tich", *(f"f{n}" for n in range(1, parquet.ROWS_AT_A_TIME + 1))}


def test_small_cells_stay_out_of_every_table(march: psycopg.Connection, tmp_path: Path) -> None:
    march.execute(
        "update marts.fct_criterion_score set numerator = 3, denominator = 4, rate = 0.75 "
        "where unit_code = 'H31.007' and criterion_code = '21'"
    )
    march.commit()
    folder = tables_alone(march, publish(march).release_id, tmp_path)
    (line,) = (
        row
        for row in read_csv(folder / "data" / "criterion_score.csv")
        if (row["unit_code"], row["criterion_code"]) == ("H31.007", "21")
    )
    assert (line["numerator"], line["denominator"], line["rate"]) == ("", "", "")
    assert line["withheld"] == "n<5"
    counts = pq.read_table(folder / "data" / "criterion_score.parquet").column("denominator")
    assert min(count for count in counts.to_pylist() if count) >= 5


def test_folder_holds_what_it_should(march: psycopg.Connection, tmp_path: Path) -> None:
    folder = ensure_files(march, publish(march).release_id, tmp_path)
    assert folder == tmp_path / "2025-03" / "r1"
    assert {path for path in contents(folder) if not path.startswith("site/")} == {
        "2025-03.xlsx",
        "CHANGES.csv",
        "SHA256SUMS",
        "datapackage.json",
        "data/release.csv",
        *(f"data/{name}.{kind}" for name in TABLES for kind in ("csv", "parquet")),
        *(f"documents/{n}.{kind}" for n in ("letter", "compliance") for kind in ("docx", "pdf")),
    }
    assert sorted(path.name for path in folder.parent.iterdir()) == ["r1", "releases.csv"]
    subprocess.run(["sha256sum", "--check", "--strict", "SHA256SUMS"], cwd=folder, check=True)
    listed = [line[66:] for line in (folder / "SHA256SUMS").read_text().splitlines()]
    assert listed == sorted(contents(folder).keys() - {"SHA256SUMS"})


def test_table_without_a_row_gets_no_file(march: psycopg.Connection, tmp_path: Path) -> None:
    march.execute("truncate marts.mart_national_ranking, marts.mart_national_average")
    march.commit()
    folder = tables_alone(march, publish(march).release_id, tmp_path)
    assert not list((folder / "data").glob("national*"))
    assert read_csv(folder / "CHANGES.csv") == []


@pytest.mark.parametrize(("is_sample", "notice"), [(True, "DỮ LIỆU MẪU"), (False, "")])
def test_every_row_of_every_file_says_whether_it_is_sample_data(
    march: psycopg.Connection, tmp_path: Path, is_sample: bool, notice: str
) -> None:
    publish(march, is_sample=is_sample)
    resolve_late(march, "H31.003", 8)
    folder = ensure_files(march, publish(march, is_sample=is_sample).release_id, tmp_path)
    files = [folder.parent / "releases.csv", *folder.rglob("*.csv")]
    assert len(files) == len(TABLES) + 3
    for path in files:
        found = read_csv(path)
        assert found
        assert {row["data_notice"] for row in found} == {notice}
    for path in folder.rglob("*.parquet"):
        column = pq.read_table(path).column("data_notice")
        assert set(column.to_pylist()) == {notice or None}
    package = json.loads((folder / "datapackage.json").read_text(encoding="utf-8"))
    assert (package["is_sample"], package["data_notice"] or "") == (is_sample, notice)


@pytest.mark.fault(27, "formulas and markup in published tables")
def test_hostile_text_is_inert(march: psycopg.Connection, tmp_path: Path) -> None:
    for number, (name, _) in enumerate(HOSTILE, start=1):
        march.execute(
            "update marts.mart_monthly_score set unit_name = %s where unit_code = %s",
            [name, f"H31.{number:03}"],
        )
    march.commit()
    folder = tables_alone(march, publish(march).release_id, tmp_path)
    path = folder / "data" / "monthly_score.csv"
    names = {row["unit_code"]: row["unit_name"] for row in read_csv(path)}
    assert [names[f"H31.{n:03}"] for n in range(1, len(HOSTILE) + 1)] == [x for _, x in HOSTILE]
    rows = csv.reader(io.StringIO(path.read_text(encoding="utf-8-sig"), newline=""), delimiter=";")
    assert not [cell for row in rows for cell in row if cell.lstrip(' "')[:1] in set("=+@＝")]
    exact = pq.read_table(path.with_suffix(".parquet")).to_pylist()
    names = {row["unit_code"]: row["unit_name"] for row in exact}
    assert [names[f"H31.{n:03}"] for n in range(1, len(HOSTILE) + 1)] == [x for x, _ in HOSTILE]
