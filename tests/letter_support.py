"""Monthly releases made by hand for the letter and its annex, and their documents read back."""

from __future__ import annotations

import csv
import math
import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from decimal import ROUND_HALF_UP, Decimal
from pathlib import Path
from typing import Any

import docx
import pdfplumber
from docx.document import Document
from docx.table import Table
from docx.text.paragraph import Paragraph

from service_index.publishing.edition import Edition
from service_index.publishing.month import (
    Cause,
    Compliance,
    EarlierMonth,
    LetterFigure,
    MonthRelease,
    Points,
    UnitScore,
)
from service_index.publishing.relations import GROUPS
from service_index.settings import PROJECT_ROOT

PROVINCE = "P"
MM = 72 / 25.4
SEED = PROJECT_ROOT / "dbt_project" / "seeds" / "letter_figures.csv"
MAXIMA = dict(zip(GROUPS, (18, 20, 12, 10, 22, 18), strict=True))
CAUSES = (
    "not_submitted_online",
    "not_paid_online",
    "no_electronic_result",
    "not_returned_online",
    "in_person_step",
)


def edition(period: str = "2025-08", **facts: Any) -> Edition:
    values: dict[str, Any] = {
        "release_id": f"{period}.r1",
        "kind": "monthly",
        "period": period,
        "province_code": PROVINCE,
        "province_name": "Tỉnh Bình An",
        "revision": 1,
        "previous_release_id": None,
        "reason": None,
        "created_at": datetime(2026, 1, 5, tzinfo=UTC),
        "catalogue_version": "2022-06-23",
        "content_sha256": "0" * 64,
        "code_revision": "abc",
        "is_sample": True,
        "source_batches": [],
        "stamp": 1,
        "status": "final",
        "data_cutoff": datetime(2026, 1, 4, 17, tzinfo=UTC),
        "stamped_at": datetime(2026, 1, 5, tzinfo=UTC),
    }
    return Edition(**(values | facts))


def unit(code: str, unit_type: str, rank: int | None = None, **facts: Any) -> UnitScore:
    """A unit with 60 % of each group's points, less a point for each rank."""
    total = Decimal(60 - (rank or 0))
    values: dict[str, Any] = {
        "unit_code": code,
        "unit_name": f"Đơn vị {code}",
        "unit_type": unit_type,
        "parent_unit_code": None if code == PROVINCE else PROVINCE,
        "former_unit_code": None,
        "former_unit_name": None,
        "groups": {
            group: Points(total * maximum / 100, Decimal(maximum))
            for group, maximum in MAXIMA.items()
        },
        "raw_points": total,
        "applicable_max_points": Decimal(100),
        "total_score": total,
        "band": "Trung bình",
        "ranking_status": "ranked" if rank else "unit_type_not_ranked",
        "rank": rank,
        "rank_out_of": None,
        "previous_rank": None,
        "is_series_break": False,
    }
    return UnitScore(**(values | facts))


def ranked(unit_type: str, count: int) -> list[UnitScore]:
    """So many units of a type; each was a place better last month than it is now."""
    return [
        unit(
            f"{unit_type[0].upper()}{n:03}",
            unit_type,
            n,
            rank_out_of=count,
            previous_rank=n - 1 or count,
        )
        for n in range(1, count + 1)
    ]


def progress(
    code: str, met: int | None = 3, of: int | None = 10, basis: str = "month", **facts: Any
) -> Compliance:
    """An end-to-end row with a target of 70 %."""
    target = Decimal("0.70")
    is_judged = met is not None and of not in (None, 0)
    values: dict[str, Any] = {
        "unit_code": code,
        "basis": basis,
        "metric_code": "end_to_end_online",
        "field_code": "*",
        "field_name": None,
        "numerator": met,
        "denominator": of,
        "rate": Decimal(met or 0) / Decimal(of or 1) if is_judged else None,
        "target_rate": target,
        "is_compliant": (met or 0) >= target * (of or 0) if is_judged else None,
        "shortfall": max(0, math.ceil(target * (of or 0)) - (met or 0)) if is_judged else 0,
        "withheld": None,
    }
    return Compliance(**(values | facts))


def printed(value: Decimal, places: int) -> str:
    return f"{value.quantize(Decimal(1).scaleb(-places), ROUND_HALF_UP)}".replace(".", ",")


def printed_figures(
    points: dict[str, str] | None = None,
    averages: dict[str, str] | None = None,
    has_national: bool = True,
) -> dict[str, LetterFigure]:
    """Every figure of the seed file, all printed differently unless told otherwise."""
    found = {}
    with SEED.open(encoding="utf-8") as file:
        for row in csv.DictReader(file):
            code, kind, position = row["row_code"], row["figure"], int(row["position"])
            maximum = Decimal(MAXIMA.get(row["group_code"], 100))
            value: Decimal | None = Decimal(position) + Decimal("0.04") * position
            out_of: Decimal | None = None
            places, suffix = 2, ""
            if kind in ("points", "average"):
                given = (points if kind == "points" else averages) or {}
                value = Decimal(given.get(row["group_code"], f"{position / 4:.2f}"))
                out_of, places = maximum, 2 if code == "total" else 1
            elif kind == "rank":
                value, out_of, places = Decimal(position), Decimal(34), 0
            elif kind == "criterion_numerator":
                value, places = Decimal(4000 + position), 0
            else:
                suffix = "%"
            if not has_national and kind in ("average", "rank"):
                value = None
            text = None if value is None else printed(value, places) + suffix
            if text is not None and kind == "rank":
                text = text.zfill(2)
            found[code] = LetterFigure(code, position, row["label_vi"], value, out_of, text, None)
    return found


def release(
    units: list[UnitScore] | None = None,
    compliance: list[Compliance] | None = None,
    letter: dict[str, LetterFigure] | None = None,
    **facts: Any,
) -> MonthRelease:
    """A release of a province with departments, communes and an agency unless told otherwise.

    `facts` are of the edition. Without `compliance` every second unit misses the target.
    """
    if units is None:
        agency = unit("V001", "vertical_agency", unit_name="Thuế tỉnh")
        units = [*ranked("department", 3), *ranked("commune", 4), agency]
    of = edition(**facts)
    by_code = {u.unit_code: u for u in [unit(PROVINCE, "province", unit_name=of.province_name)]}
    by_code |= {u.unit_code: u for u in units}
    if compliance is None:
        compliance = [
            progress(code, met + (basis == "year_to_date"), 10, basis)
            for basis in ("month", "year_to_date")
            for code, met in zip(by_code, (5, 7) * len(by_code), strict=False)
        ]
    return MonthRelease(
        edition=of,
        units=by_code,
        criteria=[],
        criterion_scores={},
        compliance=compliance,
        causes=[Cause(code, cause, 6, 5, None) for code in by_code for cause in CAUSES],
        national=[],
        averages={},
        letter=printed_figures() if letter is None else letter,
        changes=[],
    )


def month_before(
    period: str = "2025-07", points: dict[str, str] | None = None, total: str = "70"
) -> EarlierMonth:
    """The province's points of another month; where none are given, 1 in each group."""
    groups = {
        group: Points(Decimal((points or {}).get(group, "1")), Decimal(maximum))
        for group, maximum in MAXIMA.items()
    }
    province = replace(unit(PROVINCE, "province"), groups=groups, total_score=Decimal(total))
    return EarlierMonth(
        release_id=f"{period}.r1",
        units={PROVINCE: province},
        criterion_scores={},
        period=period,
    )


def plain(text: str) -> str:
    """Text without how it was broken into lines."""
    return " ".join(text.replace("\u200b", "").split())


def pdf_pages(path: Path) -> list[str]:
    with pdfplumber.open(path) as pdf:
        return [plain(page.extract_text()) for page in pdf.pages]


def pdf_body(path: Path) -> str:
    """The text of all pages between their top and bottom margins."""
    with pdfplumber.open(path) as pdf:
        return plain(
            " ".join(
                page.crop((0, 20 * MM, page.width, page.height - 20 * MM)).extract_text()
                for page in pdf.pages
            )
        )


def pdf_tables(path: Path) -> list[list[list[str]]]:
    """The tables of all pages, cells without line breaks; a long table has a part a page."""
    with pdfplumber.open(path) as pdf:
        return [
            [[plain(cell or "") for cell in row] for row in table]
            for page in pdf.pages
            for table in page.extract_tables()
        ]


def pdf_fonts(path: Path) -> set[str]:
    with pdfplumber.open(path) as pdf:
        return {char["fontname"].split("+")[1] for page in pdf.pages for char in page.chars}


def outside_margins(path: Path, width: int = 210, height: int = 297) -> list[str]:
    """Characters left or right of the text, below it, or above the header, and pages not A4.

    Decree 30/2020: top and bottom 20 mm, left 30, right 15; the header stands in the top margin.
    """
    found = []
    with pdfplumber.open(path) as pdf:
        for page in pdf.pages:
            if (round(page.width / MM), round(page.height / MM)) != (width, height):
                found.append(f"page of {page.width} × {page.height}")
            found += [
                f"{char['text']} on page {page.page_number}"
                for char in page.chars
                if char["text"].strip()
                and not (
                    char["x0"] >= 30 * MM - 0.5
                    and char["x1"] <= (width - 15) * MM + 0.5
                    and char["top"] >= 5 * MM
                    and char["bottom"] <= (height - 20) * MM + 0.5
                )
            ]
    return found


def docx_blocks(path: Path) -> Iterator[Paragraph | Table]:
    document: Document = docx.Document(str(path))
    yield from document.iter_inner_content()


def docx_text(path: Path) -> str:
    """All text of the body, tables included, in its order."""
    parts = []
    for block in docx_blocks(path):
        if isinstance(block, Paragraph):
            parts.append(block.text)
        else:
            parts += [cell.text for row in block.rows for cell in row.cells]
    return plain(" ".join(parts))


def docx_tables(path: Path) -> list[list[list[str]]]:
    """The tables with a border: those of numbers, not those that only place text."""
    return [
        [[plain(cell.text) for cell in row.cells] for row in block.rows]
        for block in docx_blocks(path)
        if isinstance(block, Table) and 'w:insideH w:val="single"' in block._tbl.xml
    ]


def docx_headers(path: Path) -> list[str]:
    """The header of every kind of page of every section."""
    document: Document = docx.Document(str(path))
    return [
        plain(" ".join(paragraph.text for paragraph in header.paragraphs))
        for section in document.sections
        for header in (section.first_page_header, section.header)
    ]


def numbers(text: str) -> list[str]:
    return re.findall(r"\d[\d.,]*\d|\d", text)
