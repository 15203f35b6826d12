"""docs/cookbook.md as a page: twenty questions, tidy SQL, links that lead somewhere."""

from __future__ import annotations

import re
from datetime import date
from decimal import Decimal

import pytest
from sqlfluff.core import FluffConfig, Linter

from docs.cookbook_page.page import PAGE, Answer, Question, answered, questions
from service_index.settings import PROJECT_ROOT

TEXT = PAGE.read_text(encoding="utf-8")
QUESTIONS = questions(TEXT)
RELATION = re.compile(r"\b(?:from|join) ([a-z_.]+)")
ONE = """<a id="question-1"></a>
## 1. Vì sao? · Why?

{intro}

```sql
select 1
```

<!-- answer -->
old
<!-- end -->
"""


@pytest.fixture(scope="module")
def linter() -> Linter:
    return Linter(FluffConfig.from_path(str(PROJECT_ROOT)))


def test_there_are_twenty_numbered_questions_in_both_languages() -> None:
    assert [question.number for question in QUESTIONS] == list(range(1, 21))
    assert {len(question.title.split(" · ")) for question in QUESTIONS} == {2}
    for question in QUESTIONS:
        assert f"{question.number}. [{question.title}](#question-{question.number})" in TEXT


@pytest.mark.parametrize("question", QUESTIONS, ids=lambda question: str(question.number))
def test_sql_is_tidy(linter: Linter, question: Question) -> None:
    violations = linter.lint_string(question.sql).get_violations()
    assert [(found.line_no, found.desc()) for found in violations] == []


@pytest.mark.parametrize("question", QUESTIONS, ids=lambda question: str(question.number))
def test_sql_orders_its_rows_and_reads_what_bi_may_read(question: Question) -> None:
    assert "\norder by " in question.sql
    for relation in RELATION.findall(question.sql):
        if "." in relation and relation.split(".")[0] in {"marts", "published"}:
            assert (relation == "marts.fct_dossier") <= question.is_for_unit_reader
        else:
            assert f"{relation} as (" in question.sql, relation


@pytest.mark.parametrize("question", QUESTIONS, ids=lambda question: str(question.number))
def test_two_lines_say_how_to_read_the_answer(question: Question) -> None:
    section = TEXT.split(f'<a id="question-{question.number}"></a>')[1]
    reading = section.split("```\n")[1].split("<!-- answer -->")[0].strip()
    assert len(reading.splitlines()) == 2


def test_links_lead_somewhere() -> None:
    for target in re.findall(r"\]\(([^)]+)\)", TEXT):
        if target.startswith("#"):
            assert f'<a id="{target[1:]}">' in TEXT
        else:
            assert (PAGE.parent / target).is_file(), target


def test_an_answer_is_shown_by_its_first_rows() -> None:
    rows = [(f"n<{number}", Decimal("1.50"), None, True, date(2025, 8, 1)) for number in range(7)]
    shown = answered(ONE.format(intro=""), lambda _: Answer(["a", "b", "c", "d", "e"], rows))
    assert shown.endswith(
        "<!-- answer -->\n"
        "\n"
        "| a | b | c | d | e |\n"
        "| --- | --: | --- | --- | --- |\n"
        + "".join(f"| n\\<{number} | 1.50 |  | yes | 2025-08-01 |\n" for number in range(5))
        + "\n… and 2 more.\n\n<!-- end -->\n"
    )
    assert "old" not in shown
    assert answered(shown, lambda _: Answer(["a", "b", "c", "d", "e"], rows)) == shown


def test_a_question_says_whom_it_is_for() -> None:
    assert not questions(ONE.format(intro="For all."))[0].is_for_unit_reader
    assert questions(ONE.format(intro="For **`unit_reader`** only."))[0].is_for_unit_reader


def test_a_question_without_sql_is_an_error() -> None:
    with pytest.raises(ValueError, match="question 1 needs one block of SQL"):
        questions(ONE.format(intro="").replace("```sql", "```"))
