"""The statistical form in its printed shape, as Word file, PDF and spreadsheet from one wording."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from service_index.publishing import labels
from service_index.publishing.documents import form_workbook, typesetting, word, wording
from service_index.publishing.documents.office import template_folder
from service_index.publishing.edition import SAMPLE_NOTICE
from service_index.publishing.form import (
    BY_HAND,
    ROMAN,
    FormCheck,
    FormRelease,
    FormRow,
    Line,
    exact,
    lines,
)
from service_index.publishing.printing import local_time

NAME = "statistical_form"

ENTERED_BY_HAND = "số liệu nhập tay"
NOT_ENTERED = "chưa nhập số liệu"
NO_FIGURE = "không có số liệu"

_PERIOD = re.compile(r"(?P<year>\d{4})(?:Q(?P<quarter>[1-4])|H(?P<half>[12]))?")


def write(form: FormRelease, folder: Path, templates: Path | None = None) -> list[Path]:
    """Write statistical_form.docx, .pdf and .xlsx into `folder`/documents; return them.

    statistical_form.txt is the wording of all three. `templates` is an office's own folder, whose
    files replace the shipped ones by name (templates/README.md). The same edition gives the same
    bytes. Raises BrokenTemplateError.
    """
    documents = folder / "documents"
    documents.mkdir(parents=True, exist_ok=True)
    docx, pdf, xlsx = (documents / f"{NAME}.{kind}" for kind in ("docx", "pdf", "xlsx"))
    at = form.edition.stamped_at
    with template_folder(templates) as source:
        content = wording.read(source / f"{NAME}.txt", {"form": _facts(form)}) | printed(form)
        word.write_docx(source / f"{NAME}.docx", content, docx, at)
        typesetting.write_pdf(source / f"{NAME}.typ", content, pdf, at)
        form_workbook.write(form, content, xlsx)
    return [docx, pdf, xlsx]


def _facts(form: FormRelease) -> dict[str, Any]:
    """What the wording may print."""
    edition = form.edition
    return {
        "province": wording.clean(edition.province_name),
        "period": period_name(edition.period),
        "status": labels.STATUSES[edition.status].vi,
        "cutoff": local_time(edition.data_cutoff),
        "release_id": edition.release_id,
        "replaces": edition.previous_release_id,
        "reason": labels.REASONS[edition.reason].vi if edition.reason else None,
        "has_by_hand": any(mark(row) == ENTERED_BY_HAND for row in form.rows),
        "has_blank": any(row.printed_value is None for row in form.rows),
        "holding": form.holding,
        "undecided": form.undecided,
        "failing": len(form.failing),
    }


def printed(form: FormRelease) -> dict[str, Any]:
    """What stands in the tables of the form, as strings."""
    numbered = list(lines(form.rows))
    places = {
        line.row.row_code: f"{line.part}.{line.number.removesuffix('.')}"
        for line in numbered
        if line.row
    }
    return {
        # No wording decides whether sample data say so.
        "sample_notice": SAMPLE_NOTICE if form.edition.is_sample else "",
        "lines": [_line(line) for line in numbered],
        "checks": [_check(check, places) for check in form.failing],
    }


def period_name(period: str) -> str:
    """`2025Q3` is `quý III năm 2025`; half-years and years likewise."""
    found = _PERIOD.fullmatch(period)
    if found is None:
        raise ValueError(f"{period} is no quarter, half-year or year")
    year = f"năm {found['year']}"
    if found["quarter"]:
        return f"quý {ROMAN[int(found['quarter']) - 1]} {year}"
    if found["half"]:
        return f"6 tháng {'đầu' if found['half'] == '1' else 'cuối'} {year}"
    return year


def mark(row: FormRow) -> str:
    """What a reader has to know about the figure of a row; empty for one that was counted."""
    if row.printed_value is not None:
        return ENTERED_BY_HAND if row.origin == BY_HAND else ""
    return NOT_ENTERED if row.origin == BY_HAND else NO_FIGURE


def _line(line: Line) -> dict[str, str]:
    row = line.row
    return {
        "level": line.level.name.lower(),
        "code": _text(row.row_code) if row else "",
        "number": line.number,
        "label": _text(line.label),
        "unit": _text(row.unit_of_measure) if row else "",
        "value": _text(row.printed_value) if row else "",
        "note": _note(row) if row else "",
    }


def _note(row: FormRow) -> str:
    note, marked = _text(row.note_vi), mark(row)
    if note and marked:
        return f"{note} ({marked})"
    return note or marked[:1].upper() + marked[1:]


def _check(check: FormCheck, places: dict[str, str]) -> dict[str, str]:
    rows = [places[code] for code in check.row_codes if code in places]
    return {
        "identity": _text(check.identity),
        "description": _text(check.description_vi),
        "rows": f"Dòng {', '.join(rows)}" if rows else "",
        "formula": _text(check.formula),
        "left": exact(check.left_value),
        "sign": check.sign,
        "right": exact(check.right_value),
        "difference": exact(check.difference),
    }


def _text(text: str | None) -> str:
    """Nothing is cut, however long it is."""
    return wording.printable(text or "")
