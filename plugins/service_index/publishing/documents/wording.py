"""Wording files: an office's own sentences, filled in and cut into blocks to lay out.

A wording file is text with Jinja tags in a few marks of its own, which templates/README.md tells
the office. The same blocks go into every format, so that no two of them can say different things.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Callable, Mapping
from decimal import Decimal
from pathlib import Path
from typing import Any

from jinja2 import TemplateSyntaxError

from service_index.publishing.documents.office import FAULTS_OF_TAGS, BrokenTemplateError, sandbox
from service_index.publishing.printing import LONGEST_NAME, number, one_line, percent

Block = dict[str, Any]
Sections = dict[str, list[Block]]

NOTHING = "–"

# Noncharacters, which `clean` lets through in no text: the first stands before each value, so that
# a name at the beginning of a line is never a mark; the second for a bar inside a value.
_VALUE, _BAR = "\ufdd0", "\ufdd1"
_KINDS = {"- ": "bullet", "+ ": "subbullet", "# ": "heading"}


def clean(text: str) -> str:
    """A name as documents print it: `printable`, and not so long that it pushes all else away."""
    name = printable(text)
    return name if len(name) <= LONGEST_NAME else name[: LONGEST_NAME - 1] + "…"


def printable(text: str) -> str:
    """NFC, one line, no character that XML or a font chokes on."""
    known = "".join(
        "\ufffd" if unicodedata.category(c) in {"Cn", "Co", "Cs"} else c
        for c in one_line(unicodedata.normalize("NFC", text))
    )
    return " ".join(known.split())


def decimals(value: Decimal) -> int:
    """How many decimals a number has, zeros at its end aside."""
    return len(f"{value:f}".partition(".")[2].rstrip("0"))


def read(path: Path, facts: Mapping[str, Any]) -> Sections:
    """Fill the wording file at `path` with `facts`; the blocks of each of its sections.

    A block is {kind, text}, where kind is paragraph, bullet, subbullet or heading, or a table:
    {kind, heads, rows}, lists of rows of cells. Raises BrokenTemplateError.
    """
    try:
        return _sections(_filled(path, facts), path.name)
    except TemplateSyntaxError as error:
        raise BrokenTemplateError(f"{path.name}, line {error.lineno}: {error.message}") from error
    except BrokenTemplateError:
        raise
    except FAULTS_OF_TAGS as error:
        place = _place(error, path.name)
        raise BrokenTemplateError(f"{place}: {error}") from error


def _filled(path: Path, facts: Mapping[str, Any]) -> str:
    environment = sandbox(finalize=_printed, trim_blocks=True, lstrip_blocks=True)
    environment.filters |= FILTERS
    # Windows' editor writes a byte order mark.
    source = unicodedata.normalize("NFC", path.read_text(encoding="utf-8-sig"))
    code = environment.compile(source, path.name, path.name)
    template = environment.template_class.from_code(environment, code, dict(environment.globals))
    return template.render(facts)


def _place(error: BaseException, name: str) -> str:
    """The file's name, and the line that was being filled in."""
    line, trace = None, error.__traceback__
    while trace is not None:
        if trace.tb_frame.f_code.co_filename == name:
            line = trace.tb_lineno
        trace = trace.tb_next
    return name if line is None else f"{name}, line {line}"


def _printed(value: Any) -> str:
    """What a tag prints, as text that is never a mark."""
    if value is None:
        raise ValueError("a tag has nothing to print; ask with `is none` first")
    text = " ".join(str(value).split()).replace(_VALUE, "").replace("|", _BAR)
    return _VALUE + text


def _number(value: Decimal | int | None, places: int = 0) -> str:
    return NOTHING if value is None else number(Decimal(value), places)


def _percent(rate: Decimal | None, places: int = 2) -> str:
    # As official letters print it: without a space.
    return NOTHING if rate is None else percent(rate, places).replace(" ", "")


def _target(rate: Decimal | None) -> str:
    """A target with the decimals that it was set with: 70%, 72,5%."""
    if rate is None:
        return NOTHING
    return _percent(rate, max(0, decimals(rate) - 2))


FILTERS: dict[str, Callable[..., str]] = {
    "number": _number,
    "percent": _percent,
    "target": _target,
}


def _sections(text: str, name: str) -> Sections:
    sections: Sections = {}
    blocks: list[Block] | None = None
    is_open = False  # whether the next line goes on with the last block
    for line in (line.strip() for line in text.splitlines()):
        if line.startswith("[") and line.endswith("]"):
            blocks = sections.setdefault(line[1:-1].strip(), [])
            is_open = False
        elif not line:
            is_open = False
        elif blocks is None:
            raise BrokenTemplateError(f"{name}: text before the first [section]: {_shown(line)}")
        elif line.startswith("|"):
            _add_row(blocks, line, is_open)
            is_open = True
        elif line[:2] in _KINDS:
            blocks.append({"kind": _KINDS[line[:2]], "text": _shown(line[2:])})
            is_open = True
        elif is_open and blocks[-1]["kind"] != "table":
            blocks[-1]["text"] += " " + _shown(line)
        else:
            blocks.append({"kind": "paragraph", "text": _shown(line)})
            is_open = True
    return sections


def _add_row(blocks: list[Block], line: str, is_open: bool) -> None:
    """Rows above a line of dashes are the table's heads."""
    if not (is_open and blocks[-1]["kind"] == "table"):
        blocks.append({"kind": "table", "heads": [], "rows": []})
    table = blocks[-1]
    if set(line) <= set("|- "):
        table["heads"], table["rows"] = table["heads"] + table["rows"], []
    else:
        cells = line.removeprefix("|").removesuffix("|").split("|")
        table["rows"].append([_shown(cell) for cell in cells])


def _shown(text: str) -> str:
    return text.replace(_VALUE, "").replace(_BAR, "|").strip()
