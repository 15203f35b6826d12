"""Puts the page together."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from docs.dictionary_page import reading
from docs.dictionary_page.relation import Relation

ROOT = Path(__file__).resolve().parents[2]
PAGE = ROOT / "docs" / "data-dictionary.md"

# `n<5` would begin a tag, `*` a word in italics, `|` a cell.
_MARKDOWN = re.compile(r"([*|<\[\]])")


def build(root: Path, marts: Sequence[Relation], published: Sequence[Relation]) -> str:
    """The page as text; `root` is the project's folder, whose programs and cookbook are read."""
    names = [relation.full_name for relation in (*marts, *published)]
    cookbook = (root / "docs" / "cookbook.md").read_text(encoding="utf-8")
    environment = Environment(  # noqa: S701 (Markdown, not HTML)
        loader=FileSystemLoader(Path(__file__).parent),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    environment.filters["plain"] = lambda text: _MARKDOWN.sub(r"\\\1", text)
    return environment.get_template("dictionary.md.jinja").render(
        schemas={"marts": marts, "published": published},
        anchored=set(names),
        programs=reading.programs(root, names),
        questions=reading.questions(cookbook),
    )
