"""PDF from Typst templates: the shipped fonts alone, a fixed clock, so the same bytes each time."""

from __future__ import annotations

import json
import re
from datetime import datetime
from pathlib import Path
from typing import Any, Final

import typst

from service_index.publishing.documents.font_coverage import drawable
from service_index.publishing.documents.office import TEMPLATES, BrokenTemplateError

__all__ = ["FONTS", "TEMPLATES", "write_pdf"]

FONTS = Path(__file__).with_name("fonts")
ARCHIVABLE: Final = "a-2b"  # PDF/A-2b: what an archive takes, fonts embedded

# Typst fetches a package from the internet where a template imports one, and in code its name may
# be put together in many ways. So both words stand in one shape only: a whole line of markup, where
# the end of the line ends the name too. Nor is a string run as code. Bounds are ASCII letters, for
# Typst ends a word where Python's \b sees none.
_IMPORT = re.compile(
    r"""\#import[ ]"[A-Za-z0-9_-]+\.typ"
    (?: [ ]*:[ ]* (?: \* | [A-Za-z0-9_-]+ (?: [ ]*,[ ]* [A-Za-z0-9_-]+ )* ) )? [ \t]*\r?""",
    re.VERBOSE,
)
_MAY_FETCH = re.compile(
    r"(?<![A-Za-z]) (?: import | include | eval | std (?!\.) ) (?![A-Za-z])", re.VERBOSE
)


def write_pdf(template: Path, content: dict[str, Any], path: Path, at: datetime) -> None:
    """Set `template` with `content`, which it reads as `json(bytes(sys.inputs.content))`.

    `content` holds strings, lists and dicts only: whatever is printed is printed as given, for
    Typst never evaluates a string; only a character that the font lacks is replaced by `�`. `at`
    is the document's date, an aware instant. Raises BrokenTemplateError with the template's name
    and Typst's own words when it does not compile, or when one beside it may fetch a package.
    """
    for source in sorted(template.parent.glob("*.typ")):
        _refuse_packages(source)
    try:
        # The root ends at the template's folder: a template reads nothing else.
        typst.compile(
            str(template),
            output=str(path),
            root=str(template.parent),
            font_paths=[str(FONTS)],
            ignore_system_fonts=True,
            # Nor does it find a package of this machine, which another one might not have.
            package_path=str(template.parent),
            package_cache_path=str(template.parent),
            sys_inputs={"content": json.dumps(drawable(content), ensure_ascii=False)},
            pdf_standards=[ARCHIVABLE],
            timestamp=int(at.timestamp()),
        )
    except typst.TypstError as error:
        raise BrokenTemplateError(f"{template.name}: {error}") from error


def _refuse_packages(source: Path) -> None:
    try:
        # As Typst reads it, which skips a byte order mark; no line end is changed on the way.
        text = source.read_bytes().decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise BrokenTemplateError(f"{source.name} is not UTF-8") from error
    for number, line in enumerate(text.split("\n"), start=1):
        found = None if _IMPORT.fullmatch(line) else _MAY_FETCH.search(line)
        if found:
            raise BrokenTemplateError(
                f"{source.name}, line {number}: {found[0]}: a template imports other files only, "
                'each on a line of its own like #import "official.typ": *, and uses no packages'
            )
