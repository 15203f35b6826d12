"""The manifest of a release is a valid Data Package, and says what the release is."""

from __future__ import annotations

import csv
import hashlib
import io
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import frictionless
import psycopg
import pytest
from gate_support import fill
from publish_marts import AFTER_MARCH, fill_march, finish_transform, publish, resolve_late
from release_files import contents

from service_index.publishing.folder import ensure_files
from service_index.publishing.statistical_form import publish_form
from tests.warehouses import fresh_warehouse


@pytest.fixture(scope="module")
def folder(postgres_server: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """The second release of a month, with changes."""
    with fresh_warehouse(postgres_server) as dsn, psycopg.connect(dsn) as connection:
        fill_march(connection)
        connection.execute(
            "update marts.mart_monthly_score set unit_name = '=1+1' where unit_code = 'H31.001'"
        )
        connection.commit()
        publish(connection)
        resolve_late(connection, "H31.003", 9)
        releases = tmp_path_factory.mktemp("releases")
        yield ensure_files(connection, publish(connection).release_id, releases)


def read_package(folder: Path) -> dict[str, Any]:
    package = json.loads((folder / "datapackage.json").read_text(encoding="utf-8"))
    assert isinstance(package, dict)
    return package


def errors_of(folder: Path) -> list[tuple[str, str]]:
    """What the validator finds: resource and kind of error."""
    report = frictionless.validate(str(folder / "datapackage.json"))
    assert not report.errors
    return [(task.name, error.type) for task in report.tasks for error in task.errors]


def test_package_of_a_month_is_valid(folder: Path) -> None:
    assert errors_of(folder) == []
    report = frictionless.validate(str(folder / "datapackage.json"))
    tables = {task.name for task in report.tasks if task.type == "table"}
    assert tables == {path.stem for path in folder.glob("data/*.csv")} | {"change"}


def test_package_of_a_form_is_valid(warehouse: psycopg.Connection, tmp_path: Path) -> None:
    fill(warehouse, "marts_form.sql")
    finish_transform(warehouse, AFTER_MARCH.replace(month=10))
    release = publish_form(warehouse, "2025Q3", code_revision="abc", is_sample=True)
    folder = ensure_files(warehouse, release.release_id, tmp_path)
    assert errors_of(folder) == []
    assert read_package(folder)["catalogue_version"] is None


def test_every_file_is_a_resource_with_size_and_hash(folder: Path) -> None:
    resources = {resource["path"]: resource for resource in read_package(folder)["resources"]}
    files = contents(folder)
    assert resources.keys() == files.keys() - {"datapackage.json", "SHA256SUMS"}
    assert len({resource["name"] for resource in resources.values()}) == len(resources)
    for path, resource in resources.items():
        assert resource["bytes"] == len(files[path])
        assert resource["hash"] == f"sha256:{hashlib.sha256(files[path]).hexdigest()}"
        assert resource["mediatype"] != "application/octet-stream", path


def test_package_says_what_the_release_is(folder: Path) -> None:
    package = read_package(folder)
    assert package["$schema"] == "https://datapackage.org/profiles/2.0/datapackage.json"
    assert package["licenses"][0]["name"] == "CC-BY-4.0"
    stated = {
        "version": "2025-03.r2",
        "kind": "monthly",
        "period": "2025-03",
        "province_code": "H31",
        "province_name": "Tỉnh Hưng Yên",
        "revision": 2,
        "previous_release_id": "2025-03.r1",
        "reason": "late_data",
        "status": "revised",
        "data_cutoff": "2025-03-31T17:00:00.000000Z",
        "catalogue_version": "2022-06-23",
        "code_revision": "abc",
        "is_sample": True,
    }
    assert {name: package[name] for name in stated} == stated
    assert package["title"].endswith("Tỉnh Hưng Yên, 2025-03")
    for text in ("DỮ LIỆU MẪU", "Đã điều chỉnh", "00:00 01/04/2025", "n<5"):
        assert text in package["description"]


def test_tables_have_keys_types_and_descriptions(folder: Path) -> None:
    resources = {resource["name"]: resource for resource in read_package(folder)["resources"]}
    schema = resources["criterion_score"]["schema"]
    assert schema["primaryKey"] == ["unit_code", "criterion_code"]
    assert schema["foreignKeys"] == [
        {"fields": [f"{name}_code"], "reference": {"resource": name, "fields": [f"{name}_code"]}}
        for name in ("unit", "criterion")
    ]
    types = {field["name"]: field["type"] for field in schema["fields"]}
    assert (types["denominator"], types["rate"], types["period_month"]) == (
        "integer",
        "number",
        "date",
    )
    for resource in resources.values():
        for field in resource.get("schema", {"fields": []})["fields"]:
            assert field["title"], (resource["name"], field["name"])
            assert field["description"].endswith(")"), (resource["name"], field["name"])


def rewrite(path: Path, column: str, value: str, row: int = 1) -> None:
    rows = list(csv.reader(io.StringIO(path.read_text(encoding="utf-8"), newline="")))
    rows[row][rows[0].index(column)] = value
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerows(rows)
    path.write_text(text.getvalue(), encoding="utf-8")


@pytest.mark.parametrize(
    ("path", "column", "value", "error"),
    [
        ("data/criterion_score.csv", "rate", "a lot", "type-error"),
        ("data/criterion_score.csv", "status", "lost", "constraint-error"),
        ("data/criterion_score.csv", "unit_code", "", "constraint-error"),
        ("data/criterion_score.csv", "unit_code", "H99", "foreign-key"),
        ("data/unit.csv", "unit_code", "H31.002", "primary-key"),
    ],
)
def test_schema_bites(
    folder: Path, tmp_path: Path, path: str, column: str, value: str, error: str
) -> None:
    """A table with one wrong value is not valid any more, beyond its bytes and hash."""
    for file in ("datapackage.json", "CHANGES.csv", *(f"data/{p.name}" for p in data_of(folder))):
        (tmp_path / file).parent.mkdir(exist_ok=True)
        (tmp_path / file).write_bytes((folder / file).read_bytes())
    package = read_package(folder)
    package["resources"] = [r for r in package["resources"] if (tmp_path / r["path"]).exists()]
    for resource in package["resources"]:
        del resource["bytes"], resource["hash"]
    (tmp_path / "datapackage.json").write_text(json.dumps(package), encoding="utf-8")
    assert errors_of(tmp_path) == []
    rewrite(tmp_path / path, column, value, row=2)
    assert (Path(path).stem, error) in errors_of(tmp_path)


def data_of(folder: Path) -> list[Path]:
    return list((folder / "data").glob("*.csv"))
