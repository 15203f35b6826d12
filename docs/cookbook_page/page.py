"""Reads the questions of the page, and puts answers under them."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path

PAGE = Path(__file__).resolve().parents[1] / "cookbook.md"
UNIT_READER = "**`unit_reader`**"
# So many rows of an answer are shown.
_SHOWN = 5
_SECTION = re.compile(r'^<a id="question-(\d+)"></a>\n## \1\. (.+)\n', re.MULTILINE)
_SQL = re.compile(r"^```sql\n(.+?)^```\n", re.MULTILINE | re.DOTALL)
_PLACE = "<!-- answer -->\n{}<!-- end -->\n"
_ANSWER = re.compile(_PLACE.format(".*?"), re.DOTALL)


@dataclass(frozen=True)
class Question:
    """A question of the page, and the SQL that answers it."""

    number: int
    title: str
    sql: str
    is_for_unit_reader: bool


@dataclass(frozen=True)
class Answer:
    """What a question's SQL gives: names of columns, and rows."""

    columns: Sequence[str]
    rows: Sequence[Sequence[object]]


def questions(page: str) -> list[Question]:
    """In the order of the page. Raises ValueError where a section lacks its SQL or its answer."""
    _, *parts = _SECTION.split(page)
    return [
        _question(int(number), title, text)
        for number, title, text in zip(parts[::3], parts[1::3], parts[2::3], strict=True)
    ]


def answered(page: str, answer: Callable[[Question], Answer]) -> str:
    """The page with each question's answer as `answer` gives it."""
    asked = iter(questions(page))
    return _ANSWER.sub(lambda _: _PLACE.format(_shown(answer(next(asked)))), page)


def _question(number: int, title: str, text: str) -> Question:
    sql = _SQL.findall(text)
    if len(sql) != 1 or len(_ANSWER.findall(text)) != 1:
        raise ValueError(f"question {number} needs one block of SQL and one place for its answer")
    return Question(number, title, sql[0], UNIT_READER in text)


def _shown(answer: Answer) -> str:
    """The first rows as a table, and how many there are."""
    are_numbers = [
        {type(value) for value in column} - {type(None)} in ({int}, {Decimal})
        for column in zip(*answer.rows, strict=True)
    ]
    lines = [
        answer.columns,
        ["--:" if numbers else "---" for numbers in are_numbers],
        *([_cell(value) for value in row] for row in answer.rows[:_SHOWN]),
    ]
    table = "\n".join("| " + " | ".join(line) + " |" for line in lines)
    more = len(answer.rows) - _SHOWN
    return f"\n{table}\n\n" + (f"… and {more} more.\n\n" if more > 0 else "")


def _cell(value: object) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    return re.sub(r"([|*<])", r"\\\1", str(value))
