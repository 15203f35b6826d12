"""The manifest of a release's folder: a Data Package of every file in it, and their checksums."""

from __future__ import annotations

import hashlib
import json
import os
import re
import stat
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, Final

from service_index.publishing import labels
from service_index.publishing.edition import SAMPLE_NOTICE, Edition
from service_index.publishing.open_data import descriptions
from service_index.publishing.open_data.csv import instant
from service_index.publishing.open_data.licence import LICENCE
from service_index.publishing.open_data.tables import RELEASE_TABLE, Field, Table
from service_index.publishing.printing import local_time, one_line

MANIFEST: Final = "datapackage.json"
CHECKSUMS: Final = "SHA256SUMS"
PROFILES: Final = "https://datapackage.org/profiles/2.0"

_MEDIA_TYPES = {
    "csv": "text/csv",
    "css": "text/css",
    "docx": "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
    "html": "text/html",
    "js": "text/javascript",
    "json": "application/json",
    "parquet": "application/vnd.apache.parquet",
    "pdf": "application/pdf",
    "svg": "image/svg+xml",
    "txt": "text/plain",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
}
_TEXTS = {"csv", "css", "html", "js", "json", "svg", "txt"}

# A validator takes these in small letters for tables, opens them instead of counting their bytes,
# and the profile has no word for "not a table".
_NOT_TABLES = {"parquet": "Parquet", "xlsx": "XLSX"}

_DIALECT = {
    "$schema": f"{PROFILES}/tabledialect.json",
    "header": True,
    "delimiter": ",",
    "lineTerminator": "\n",
    "quoteChar": '"',
    "doubleQuote": True,
}

_KINDS = {
    "monthly": labels.Label(
        "Chỉ số phục vụ người dân, doanh nghiệp theo tháng",
        "monthly index of service to citizens and businesses",
    ),
    "statistical_form": labels.Label(
        "Biểu mẫu thống kê cải cách thủ tục hành chính",
        "statistical form of administrative procedure reform",
    ),
}
_KEYWORDS = {
    "monthly": ["766/QĐ-TTg", "chỉ số phục vụ", "public service index"],
    "statistical_form": ["biểu mẫu thống kê", "statistical form"],
}


def write(folder: Path, edition: Edition, tables: Iterable[Table]) -> None:
    """Write the manifest of all files of `folder`, then checksums of them and of it.

    `tables` are those that lie in `folder` as CSV, with their changes. Call it last.
    """
    package = describe(edition) | {"resources": resources(folder, tables)}
    text = json.dumps(package, ensure_ascii=False, indent=2) + "\n"
    (folder / MANIFEST).write_text(text, encoding="utf-8")
    lines = [f"{sha256(folder / path)}  {path}\n" for path in paths(folder) if path != CHECKSUMS]
    (folder / CHECKSUMS).write_text("".join(lines), encoding="utf-8")


def describe(edition: Edition) -> dict[str, Any]:
    """What the manifest says of the release itself: from its edition, so always the same."""
    kind, name = _KINDS[edition.kind], one_line(edition.province_name)
    status = labels.STATUSES[edition.status]
    notice = f"{SAMPLE_NOTICE}. " if edition.is_sample else ""
    cutoff = local_time(edition.data_cutoff)
    # Nothing of a form is withheld.
    withheld = labels.Label("", "")
    if edition.kind == "monthly":
        withheld = labels.Label(f" {labels.SMALL_CELL.vi}.", f" {labels.SMALL_CELL.en}.")
    return {
        "$schema": f"{PROFILES}/datapackage.json",
        "name": f"service-index-{edition.release_id.lower()}-{edition.status}",
        "title": f"{kind.vi}: {name}, {edition.period}",
        "description": (
            f"{notice}{status.vi}, số liệu đến {cutoff}.{withheld.vi} "
            f"({kind.en[0].upper()}{kind.en[1:]}; {status.en}, data up to {cutoff}.{withheld.en})"
        ),
        "version": edition.release_id,
        "created": instant(edition.stamped_at),
        "licenses": [LICENCE],
        "sources": [
            {"title": f"{batch['feed']}, sha256 {batch['sha256']}"}
            for batch in edition.source_batches
        ],
        "contributors": [{"title": name, "roles": ["publisher"]}],
        "keywords": _KEYWORDS[edition.kind],
        "data_notice": SAMPLE_NOTICE if edition.is_sample else None,
        "is_sample": edition.is_sample,
        "kind": edition.kind,
        "period": edition.period,
        "province_code": edition.province_code,
        "province_name": edition.province_name,
        "revision": edition.revision,
        "status": edition.status,
        "data_cutoff": instant(edition.data_cutoff),
        "published_at": instant(edition.created_at),
        "previous_release_id": edition.previous_release_id,
        "reason": edition.reason,
        "catalogue_version": edition.catalogue_version,
        "content_sha256": edition.content_sha256,
        "code_revision": edition.code_revision,
        "source_batches": edition.source_batches,
        # Releases made before it was counted keep the manifest that they were published with.
        **({"quarantine": edition.quarantine} if edition.quarantine is not None else {}),
    }


def resources(folder: Path, tables: Iterable[Table]) -> list[dict[str, Any]]:
    """A resource for every file of `folder` but manifest and checksums."""
    by_path = {table.csv_path: table for table in (RELEASE_TABLE, *tables)}
    names = {table.name for table in by_path.values()}
    found: list[dict[str, Any]] = []
    taken: set[str] = set()
    for path in paths(folder):
        if path in {MANIFEST, CHECKSUMS}:
            continue
        table = by_path.get(path)
        name = table.name if table else _free_name(path, taken)
        taken.add(name)
        found.append(
            _resource(folder / path, path, name) | (_tabular(table, names) if table else {})
        )
    return found


def paths(folder: Path) -> list[str]:
    """All regular files under `folder` in byte order, as manifest and checksums write them."""
    return [path for path, mode in _entries(folder) if stat.S_ISREG(mode)]


def oddities(folder: Path) -> list[str]:
    """What lies under `folder` and is neither a regular file nor a folder, links above all."""
    return [
        path for path, mode in _entries(folder) if not stat.S_ISREG(mode) and not stat.S_ISDIR(mode)
    ]


def _entries(folder: Path) -> list[tuple[str, int]]:
    """Everything under `folder` with its mode; no link is followed."""
    found = (
        (path.relative_to(folder).as_posix(), path.lstat().st_mode) for path in folder.rglob("*")
    )
    return sorted(found, key=lambda entry: os.fsencode(entry[0]))


def sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _free_name(path: str, taken: set[str]) -> str:
    """The path in the letters that a name may have, numbered where another has it already."""
    base = re.sub(r"[^-a-z0-9._]+", "-", path.lower())
    name, number = base, 2
    while name in taken:
        name, number = f"{base}-{number}", number + 1
    return name


def _resource(file: Path, path: str, name: str) -> dict[str, Any]:
    suffix = file.suffix.removeprefix(".")
    resource = {
        "name": name,
        "path": path,
        "format": _NOT_TABLES.get(suffix, suffix),
        "mediatype": _MEDIA_TYPES.get(suffix, "application/octet-stream"),
    }
    if suffix in _TEXTS:
        resource["encoding"] = "utf-8"
    return resource | {"bytes": file.stat().st_size, "hash": f"sha256:{sha256(file)}"}


def _tabular(table: Table, names: set[str]) -> dict[str, Any]:
    described = descriptions.of_table(table.name)
    schema: dict[str, Any] = {
        "$schema": f"{PROFILES}/tableschema.json",
        "fields": [_field(table, field) for field in table.fields],
        "missingValues": [""],
        "primaryKey": list(table.key),
    }
    foreign_keys = list(_foreign_keys(table, names))
    return {
        "type": "table",
        "title": described.title_vi,
        "description": described.both,
        "dialect": _DIALECT,
        # The profile takes no empty list.
        "schema": schema | ({"foreignKeys": foreign_keys} if foreign_keys else {}),
    }


def _field(table: Table, field: Field) -> dict[str, Any]:
    described = descriptions.of_column(table.name, field.name)
    constraints: dict[str, Any] = {"required": True} if field.is_required else {}
    if described.values:
        constraints["enum"] = list(described.values)
    return {
        "name": field.name,
        "type": field.type,
        "title": described.title_vi,
        "description": described.both,
    } | ({"constraints": constraints} if constraints else {})


def _foreign_keys(table: Table, names: set[str]) -> Iterator[dict[str, Any]]:
    """To the tables that say what codes mean, where they are part of the release."""
    for column, other in (("unit_code", "unit"), ("criterion_code", "criterion")):
        if table.name != other and other in names and column in {f.name for f in table.fields}:
            yield {"fields": [column], "reference": {"resource": other, "fields": [column]}}
