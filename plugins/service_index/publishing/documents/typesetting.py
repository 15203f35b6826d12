"""PDF from Typst templates: the shipped fonts alone, a fixed clock, so the same bytes each time."""

from __future__ import annotations

import json
from datetime import datetime
from pathlib import Path
from typing import Any, Final

import typst

from service_index.publishing.documents.font_coverage import drawable
from service_index.publishing.documents.office import TEMPLATES, BrokenTemplateError

__all__ = ["FONTS", "TEMPLATES", "write_pdf"]

FONTS = Path(__file__).with_name("fonts")
ARCHIVABLE: Final = "a-2b"  # PDF/A-2b: what an archive takes, fonts embedded


def write_pdf(template: Path, content: dict[str, Any], path: Path, at: datetime) -> None:
    """Set `template` with `content`, which it reads as `json(bytes(sys.inputs.content))`.

    `content` holds strings, lists and dicts only: whatever is printed is printed as given, for
    Typst never evaluates a string; only a character that the font lacks is replaced by `�`. `at`
    is the document's date, an aware instant. Raises BrokenTemplateError with the template's name
    and Typst's own words when it does not compile.
    """
    try:
        # The root ends at the template's folder: a template reads nothing else.
        typst.compile(
            str(template),
            output=str(path),
            root=str(template.parent),
            font_paths=[str(FONTS)],
            ignore_system_fonts=True,
            sys_inputs={"content": json.dumps(drawable(content), ensure_ascii=False)},
            pdf_standards=[ARCHIVABLE],
            timestamp=int(at.timestamp()),
        )
    except typst.TypstError as error:
        raise BrokenTemplateError(f"{template.name}: {error}") from error
