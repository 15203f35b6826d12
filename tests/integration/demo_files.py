"""What lies in the demonstration's folder of releases, and whether it can be trusted."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pdfplumber
import psycopg
from frictionless import Package

from service_index.publishing.verification import verify

MONTHS = ("2025-03", "2025-07", "2025-08", "2025-09")
FORM = "2025Q3"
DOCUMENTS = {
    "monthly": {"letter.docx", "letter.pdf", "compliance.docx", "compliance.pdf"},
    "form": {f"statistical_form.{kind}" for kind in ("docx", "pdf", "xlsx")},
}


def folders(releases: Path) -> dict[str, Path]:
    """The folder of each release that the demonstration makes, by period."""
    return {period: releases / period / "r1" for period in (*MONTHS, FORM)}


def check_contents(folder: Path, kind: str) -> None:
    """Documents, tables, manifest and, of a month, pages and workbook are there."""
    assert {path.name for path in (folder / "documents").iterdir()} == DOCUMENTS[kind]
    for name in ("datapackage.json", "SHA256SUMS", "CHANGES.csv"):
        assert (folder / name).is_file()
    assert {path.suffix for path in (folder / "data").iterdir()} == {".csv", ".parquet"}
    if kind == "monthly":
        assert (folder / f"{folder.parent.name}.xlsx").is_file()
        assert (folder / "site" / "index.html").is_file()
        assert len(list((folder / "site" / "units").glob("*.html"))) > 100
        assert len(list((folder / "site" / "criteria").glob("[0-9]*.html"))) == 21


def check_trust(folder: Path, connection: psycopg.Connection) -> None:
    """The real tools agree: sha256sum, the Data Package validator, and our own verification."""
    subprocess.run(["sha256sum", "--check", "--quiet", "SHA256SUMS"], cwd=folder, check=True)
    connection.rollback()
    assert verify(connection, folder) == []
    report = Package(str(folder / "datapackage.json")).validate()
    assert report.valid, report.flatten(["rowNumber", "fieldName", "type", "note"])[:5]


def text_of(pdf: Path) -> str:
    """The words of a PDF, a space between any two."""
    with pdfplumber.open(pdf) as opened:
        pages = [page.extract_text() or "" for page in opened.pages]
    return " ".join(" ".join(pages).split())
