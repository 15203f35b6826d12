"""A published file altered, missing or added: `verify` says which (fault 26)."""

from __future__ import annotations

import csv
import hashlib
import io
import json
import os
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, LiteralString

import psycopg
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
import pytest
from gate_support import fill
from publish_marts import (
    AFTER_MARCH,
    IN_MARCH,
    fill_march,
    finish_transform,
    publish,
    resolve_late,
)
from rewording import reword

from service_index.publishing.folder import ensure_files
from service_index.publishing.statistical_form import publish_form
from service_index.publishing.verification import verify
from tests.warehouses import fresh_warehouse

# What nobody can make fit who alters a file.
OTHER_CHECKSUMS = "SHA256SUMS: is not the one that 2025-03.r1 was published with"


@pytest.fixture(scope="module")
def published(
    postgres_server: str, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[psycopg.Connection, Path]]:
    """A warehouse with one release, and its folder: for tests that change neither."""
    with fresh_warehouse(postgres_server) as dsn, psycopg.connect(dsn) as connection:
        fill_march(connection, communes=3)
        releases = tmp_path_factory.mktemp("releases")
        yield connection, ensure_files(connection, publish(connection).release_id, releases)


@pytest.fixture
def march(published: tuple[psycopg.Connection, Path]) -> psycopg.Connection:
    return published[0]


@pytest.fixture
def folder(published: tuple[psycopg.Connection, Path], tmp_path: Path) -> Path:
    """A copy of the release's folder, to be damaged."""
    return shutil.copytree(published[1], tmp_path / "copy")


def change_manifest(folder: Path, change: Callable[[dict[str, Any]], None]) -> None:
    path = folder / "datapackage.json"
    package = json.loads(path.read_text(encoding="utf-8"))
    change(package)
    path.write_text(json.dumps(package), encoding="utf-8")


def seal(folder: Path) -> None:
    """Make manifest and checksums fit the files again, as somebody would who has altered one."""

    def fit(package: dict[str, Any]) -> None:
        for resource in package["resources"]:
            data = (folder / resource["path"]).read_bytes()
            resource["bytes"] = len(data)
            resource["hash"] = f"sha256:{hashlib.sha256(data).hexdigest()}"

    change_manifest(folder, fit)
    paths = sorted(p for p in folder.rglob("*") if p.is_file() and p.name != "SHA256SUMS")
    (folder / "SHA256SUMS").write_text(
        "".join(
            f"{hashlib.sha256(p.read_bytes()).hexdigest()}  {p.relative_to(folder).as_posix()}\n"
            for p in paths
        )
    )


def test_every_edition_of_every_release_is_as_it_was_published(
    warehouse: psycopg.Connection, tmp_path: Path
) -> None:
    fill_march(warehouse, communes=3)
    finish_transform(warehouse, IN_MARCH)
    ensure_files(warehouse, publish(warehouse).release_id, tmp_path)
    finish_transform(warehouse, AFTER_MARCH)
    ensure_files(warehouse, publish(warehouse).release_id, tmp_path)
    resolve_late(warehouse, "H31.003", 2)
    ensure_files(warehouse, publish(warehouse).release_id, tmp_path)
    folders = [path for path in (tmp_path / "2025-03").iterdir() if path.is_dir()]
    assert sorted(path.name for path in folders) == ["r1", "r1-final", "r2"]
    assert [verify(warehouse, path) for path in folders] == [[], [], []]


def test_form_is_as_it_was_published(warehouse: psycopg.Connection, tmp_path: Path) -> None:
    fill(warehouse, "marts_form.sql")
    finish_transform(warehouse, AFTER_MARCH.replace(month=10))
    release = publish_form(warehouse, "2025Q3", code_revision="abc", is_sample=True)
    folder = ensure_files(warehouse, release.release_id, tmp_path)
    assert verify(warehouse, folder) == []
    path = folder / "data" / "statistical_form.csv"
    path.write_bytes(path.read_bytes().replace(b"97.5", b"98.5"))
    seal(folder)
    assert verify(warehouse, folder) == [
        "SHA256SUMS: is not the one that 2025Q3.r1 was published with",
        "data/statistical_form.csv: is not what the database gives",
    ]


@pytest.mark.fault(26, "one byte of a published file")
@pytest.mark.parametrize(
    "path",
    ["data/monthly_score.csv", "data/unit.parquet", "documents/letter.pdf", "2025-03.xlsx"],
)
def test_altered_file(march: psycopg.Connection, folder: Path, path: str) -> None:
    data = bytearray((folder / path).read_bytes())
    data[len(data) // 2] ^= 1
    (folder / path).write_bytes(data)
    found = verify(march, folder)
    assert f"{path}: was altered, its checksum is not that of SHA256SUMS" in found
    assert any(line.startswith(f"datapackage.json: hash of {path} is sha256:") for line in found)
    assert (f"{path}: is not what the database gives" in found) is path.endswith(".csv")
    assert all(path in line for line in found)


@pytest.mark.fault(26, "a file removed")
def test_missing_file(march: psycopg.Connection, folder: Path) -> None:
    (folder / "data" / "unit.csv").unlink()
    (folder / "site" / "index.html").unlink()
    assert verify(march, folder) == [
        "data/unit.csv: is missing",
        "site/index.html: is missing",
        "datapackage.json: names data/unit.csv, which is missing",
        "datapackage.json: names site/index.html, which is missing",
        "data/unit.csv: is missing, the database has rows for it",
    ]


def test_file_that_nobody_published(march: psycopg.Connection, folder: Path) -> None:
    (folder / "data" / "dossiers.csv").write_text("a\n")
    (folder / "site" / "new\nline.html").write_text("a\n")
    assert verify(march, folder) == [
        "data/dossiers.csv: is not listed in SHA256SUMS",
        "site/new line.html: is not listed in SHA256SUMS",
        "datapackage.json: does not name data/dossiers.csv",
        "datapackage.json: does not name site/new line.html",
        "data/dossiers.csv: the database has no rows for it",
    ]


def test_what_is_no_file(march: psycopg.Connection, folder: Path) -> None:
    (folder / "more").symlink_to(folder.parent, target_is_directory=True)
    (folder / "data" / "nowhere.csv").symlink_to("nothing")
    os.mkfifo(folder / "site" / "pipe")
    odd = [f"{path}: is a link, or no file at all" for path in ("data/nowhere.csv", "more")]
    assert verify(march, folder) == [*odd, "site/pipe: is a link, or no file at all"]
    (folder / "data" / "unit.csv").rename(folder.parent / "unit.csv")
    (folder / "data" / "unit.csv").symlink_to(folder.parent / "unit.csv")
    found = verify(march, folder)
    assert "data/unit.csv: is a link, or no file at all" in found
    assert "data/unit.csv: is missing" in found
    (folder / "datapackage.json").unlink()
    os.mkfifo(folder / "datapackage.json")
    assert "datapackage.json: is a link, or no file at all" in verify(march, folder)


def test_number_altered_with_all_checksums_made_to_fit(
    march: psycopg.Connection, folder: Path
) -> None:
    path = folder / "data" / "monthly_score.csv"
    rows = list(csv.reader(io.StringIO(path.read_text(encoding="utf-8"), newline="")))
    rows[3][rows[0].index("total_score")] = "99"
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerows(rows)
    path.write_text(text.getvalue(), encoding="utf-8")
    seal(folder)
    assert verify(march, folder) == [
        OTHER_CHECKSUMS,
        "data/monthly_score.csv: is not what the database gives",
    ]


@pytest.mark.fault(26, "a letter forged, all checksums made to fit")
@pytest.mark.parametrize("path", ["documents/letter.pdf", "2025-03.xlsx", "site/index.html"])
def test_document_forged_with_all_checksums_made_to_fit(
    march: psycopg.Connection, folder: Path, path: str
) -> None:
    (folder / path).write_bytes((folder / path).read_bytes() + b" ")
    seal(folder)
    assert verify(march, folder) == [OTHER_CHECKSUMS]


def test_files_that_the_database_knows_nothing_of(
    warehouse: psycopg.Connection, tmp_path: Path
) -> None:
    """As after a restore of the database to before the folder was written."""
    fill_march(warehouse, communes=3)
    folder = ensure_files(warehouse, publish(warehouse).release_id, tmp_path)
    warehouse.execute("alter table published.release_files disable trigger all")
    warehouse.execute("delete from published.release_files")
    warehouse.commit()
    (line,) = verify(warehouse, folder)
    assert line == (
        "SHA256SUMS: the database does not know with which files 2025-03.r1 was published; "
        "move the folder away and publish again"
    )
    folder.rename(tmp_path / "away")
    assert ensure_files(warehouse, "2025-03.r1", tmp_path) == folder
    assert verify(warehouse, folder) == []


def test_parquet_is_compared_by_what_it_holds(march: psycopg.Connection, folder: Path) -> None:
    path = folder / "data" / "national_ranking.parquet"
    table = pq.read_table(path)
    # Another writer's compression gives other bytes, and the same rows.
    pq.write_table(table, path, compression="none")
    seal(folder)
    assert verify(march, folder) == [OTHER_CHECKSUMS]
    rank = table.schema.get_field_index("rank")
    table = table.set_column(rank, table.schema.field(rank), pc.add(table["rank"], pa.scalar(1)))
    pq.write_table(table, path)
    seal(folder)
    assert verify(march, folder) == [
        OTHER_CHECKSUMS,
        "data/national_ranking.parquet: is not what the database gives",
    ]
    pq.write_table(table.replace_schema_metadata({b"status": b"final"}), path)
    seal(folder)
    assert verify(march, folder) == [
        OTHER_CHECKSUMS,
        "data/national_ranking.parquet: is not what the database gives",
    ]
    path.write_bytes(b"PAR1")
    seal(folder)
    assert verify(march, folder) == [
        OTHER_CHECKSUMS,
        "data/national_ranking.parquet: is not what the database gives",
    ]


def test_manifest_that_says_something_else(march: psycopg.Connection, folder: Path) -> None:
    def change(package: dict[str, Any]) -> None:
        package["data_cutoff"] = "2025-04-30T17:00:00.000000Z"
        package["content_sha256"] = "0" * 64
        for resource in package["resources"]:
            if resource["name"] == "unit":
                resource["schema"]["primaryKey"] = ["unit_name"]

    change_manifest(folder, change)
    seal(folder)
    checksums, content, *found = verify(march, folder)
    assert checksums == OTHER_CHECKSUMS
    assert content.startswith(f"datapackage.json: content_sha256 is {'0' * 64}, the published")
    assert found == [
        "datapackage.json: data_cutoff is '2025-04-30T17:00:00.000000Z', "
        "in the database '2025-03-31T17:00:00.000000Z'",
        "datapackage.json: schema of data/unit.csv is not that of its table",
    ]


def test_manifest_with_a_wrong_hash_or_size(march: psycopg.Connection, folder: Path) -> None:
    def change(package: dict[str, Any]) -> None:
        for resource in package["resources"]:
            if resource["path"] == "CHANGES.csv":
                resource |= {"bytes": 1, "hash": "sha256:00"}
        package["resources"] += ["nonsense", {"path": "../../x", "hash": "sha256:00"}]

    change_manifest(folder, change)
    size = (folder / "CHANGES.csv").stat().st_size
    found = verify(march, folder)
    assert "datapackage.json: was altered, its checksum is not that of SHA256SUMS" in found
    assert f"datapackage.json: bytes of CHANGES.csv is 1, not {size}" in found
    assert any("hash of CHANGES.csv is sha256:00, not sha256:" in line for line in found)
    assert "datapackage.json: names ../../x, which is missing" in found


def test_status_that_the_release_never_had(march: psycopg.Connection, folder: Path) -> None:
    change_manifest(folder, lambda package: package.update(status="revised"))
    seal(folder)
    (line,) = verify(march, folder)
    assert line.startswith(
        "datapackage.json: the database has no release 2025-03.r1 that was revised at 20"
    )


def test_release_of_another_warehouse(postgres_server: str, folder: Path) -> None:
    with fresh_warehouse(postgres_server) as dsn, psycopg.connect(dsn) as other:
        (line,) = verify(other, folder)
    assert "the database has no release 2025-03.r1" in line


@pytest.mark.parametrize("text", ["", "[]", "{", None])
def test_no_manifest(march: psycopg.Connection, folder: Path, text: str | None) -> None:
    path = folder / "datapackage.json"
    path.unlink()
    if text is not None:
        path.write_text(text)
    found = verify(march, folder)
    assert len(found) == 2
    assert found[0].startswith("datapackage.json: ")
    assert found[1] == "datapackage.json: is not there, or no manifest; the rest was not looked at"


def test_torn_checksums(march: psycopg.Connection, folder: Path) -> None:
    path = folder / "SHA256SUMS"
    lines = path.read_text().splitlines()
    path.write_text("\n".join([lines[0], lines[1][:70]]) + "\n")
    found = verify(march, folder)
    assert found[:2] == ["CHAN: is missing", "CHANGES.csv: is not listed in SHA256SUMS"]
    path.write_text("nonsense\n")
    assert "SHA256SUMS: line 1 is no checksum" in verify(march, folder)
    path.unlink()
    found = verify(march, folder)
    assert "2025-03.xlsx: is not listed in SHA256SUMS" in found
    assert "SHA256SUMS: is missing" in found


def test_rows_altered_in_the_database(warehouse: psycopg.Connection, tmp_path: Path) -> None:
    fill_march(warehouse, communes=3)
    folder = ensure_files(warehouse, publish(warehouse).release_id, tmp_path)
    warehouse.execute("alter table published.criterion_score disable trigger all")
    warehouse.execute(
        "update published.criterion_score set score = 0 "
        "where unit_code = 'H31.003' and criterion_code = '05'"
    )
    warehouse.commit()
    first, *others = verify(warehouse, folder)
    assert first.startswith("datapackage.json: content_sha256 is ")
    assert others == [
        "data/criterion_score.csv: is not what the database gives",
        "data/criterion_score.parquet: is not what the database gives",
    ]


def test_folder_as_published_is_right_whatever_the_words_of_today(
    march: psycopg.Connection, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    reword(monkeypatch)
    assert verify(march, folder) == []
    path = folder / "data" / "unit.csv"
    path.write_bytes(path.read_bytes() + b"x\n")
    found = verify(march, folder)
    assert "data/unit.csv: is not what the database gives" in found
    assert not [line for line in found if "data/unit.csv" not in line]
    # Nothing answers for the wording of checksums that nobody published.
    seal(folder)
    found = verify(march, folder)
    assert found[0] == OTHER_CHECKSUMS
    assert "datapackage.json: title of data/unit.csv is not that of its table" in found
    assert any(line.startswith("datapackage.json: licenses is ") for line in found)
    assert "data/national_ranking.parquet: is not what the database gives" in found


@pytest.mark.parametrize(
    ("statement", "name"),
    [
        ("update published.release_record set code_revision = 'def'", "code_revision"),
        ("update published.release_record set province_name = 'Tỉnh khác'", "province_name"),
    ],
)
def test_fact_altered_in_the_database(
    warehouse: psycopg.Connection, tmp_path: Path, statement: LiteralString, name: str
) -> None:
    fill_march(warehouse, communes=3)
    folder = ensure_files(warehouse, publish(warehouse).release_id, tmp_path)
    warehouse.execute("alter table published.release_record disable trigger all")
    warehouse.execute(statement)
    warehouse.commit()
    first, *others = verify(warehouse, folder)
    assert first.startswith(f"datapackage.json: {name} is ")
    assert others == ["data/release.csv: is not what the database gives"]


def test_no_folder(march: psycopg.Connection, tmp_path: Path) -> None:
    with pytest.raises(NotADirectoryError, match="there is no folder"):
        verify(march, tmp_path / "r1")
