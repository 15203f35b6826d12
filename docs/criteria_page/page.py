"""Puts the page together: what stands in the project's files, and a template."""

from __future__ import annotations

import os.path
import re
import textwrap
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from docs.criteria_page import examples
from docs.criteria_page.catalogue import (
    Documented,
    Row,
    latest,
    read_documentation,
    read_seed,
    valid_on,
)
from docs.criteria_page.measures import ROOT, Lineage, Models, Step
from service_index.publishing import printing

_WIDTH = 96
_CLAUSE = re.compile(r" (?=inner join |left join |cross join |where )")
# A long expression breaks before these words and nowhere else.
_UNBROKEN = re.compile(r" (?!(?:and|else|filter|on|or|when) )")
_HARD_SPACE = "\N{NO-BREAK SPACE}"


@dataclass
class Total:
    """Sums over the criteria of a group, or all: maxima, and in the example what was earned."""

    max_points: Fraction = Fraction(0)
    points: Fraction = Fraction(0)
    applicable_max_points: Fraction = Fraction(0)

    @property
    def of_100(self) -> Fraction:
        """The total score, as a unit's is computed."""
        return 100 * self.points / self.applicable_max_points


@dataclass(frozen=True)
class Criterion:
    """A criterion of the latest catalogue, and what the page says of it."""

    row: Row
    source: Row
    former: list[Row]
    numerator: Lineage
    denominator: Lineage
    sql: str
    example: examples.Example


def build(project: Path, counts: Mapping[str, tuple[int, int]], page: Path) -> str:
    """The page as text; `counts` are the examples, `page` is where it will lie, for its links.

    Raises LookupError where a measure's SQL or a description is not found, KeyError where a
    criterion has no example.
    """
    documentation = read_documentation(project)
    models = Models(project, documentation)
    measures = {row["measure_code"]: row for row in read_seed(project, "measures")}
    environment = Environment(  # noqa: S701 (Markdown, not HTML)
        loader=FileSystemLoader(Path(__file__).parent),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    environment.filters["linked"] = lambda text: _linked(text, documentation, page)
    environment.globals |= {
        "number": number,
        "percent": percent,
        "exact": exact,
        "fraction": Fraction,
    }
    criteria = _criteria(project, models, measures, counts)
    return environment.get_template("criteria.md.jinja").render(
        criteria=criteria,
        totals=_totals(criteria),
        groups=latest(read_seed(project, "criterion_groups"), "group_code"),
        bands=latest(read_seed(project, "bands"), "band_code"),
        ranking=latest(read_seed(project, "ranking_policy"))[0],
        ranking_criteria=latest(read_seed(project, "ranking_criteria"), "criterion_code"),
        zero_denominator=latest(read_seed(project, "zero_denominator_policy"))[0],
        certainties=_certainties(criteria),
        measures=measures,
        models={name: _from_clauses(models.rows(name)) for name in models.names},
        documentation=documentation,
        month=examples.MONTH,
        notice=examples.NOTICE,
    )


def _criteria(
    project: Path,
    models: Models,
    measures: Mapping[str, Row],
    counts: Mapping[str, tuple[int, int]],
) -> list[Criterion]:
    rows = read_seed(project, "criteria")
    sources = {row["source_code"]: row for row in read_seed(project, "sources")}
    policies = read_seed(project, "zero_denominator_policy")
    outcome = next(valid_on(policies, examples.LAST_DAY))["outcome"]
    scored = {row["criterion_code"]: row for row in valid_on(rows, examples.LAST_DAY)}
    additive = {code for code, row in measures.items() if row["is_additive"] == "true"}
    criteria = []
    for row in latest(rows, "criterion_code"):
        code = row["criterion_code"]
        numerator = models.lineage(row["numerator_measure"])
        denominator = models.lineage(row["denominator_measure"])
        criteria.append(
            Criterion(
                row=row,
                source=sources[row["source_code"]],
                former=[old for old in rows if old["criterion_code"] == code and old is not row],
                numerator=numerator,
                denominator=denominator,
                sql=_sql([denominator, numerator], additive),
                example=examples.worked(scored[code], counts[code], outcome),
            )
        )
    return criteria


def _certainties(criteria: Iterable[Criterion]) -> dict[str, list[str]]:
    """The criteria of each grade of certainty."""
    codes: defaultdict[str, list[str]] = defaultdict(list)
    for criterion in criteria:
        codes[criterion.row["certainty"]].append(criterion.row["criterion_code"])
    return dict(codes)


def _totals(criteria: Iterable[Criterion]) -> dict[str, Total]:
    """By group, and of all as `total`."""
    totals: defaultdict[str, Total] = defaultdict(Total)
    for criterion in criteria:
        for total in (totals[criterion.row["group_code"]], totals["total"]):
            total.max_points += Fraction(criterion.row["max_points"])
            if criterion.example.points is not None:
                total.points += criterion.example.points
                total.applicable_max_points += criterion.example.max_points
    return dict(totals)


def _sql(lineages: Iterable[Lineage], additive: set[str]) -> str:
    """The measures' expressions, by the models they stand in, from the last to the first.

    Additive measures are summed over units alike, which the page tells once.
    """
    steps: dict[Step, None] = {}
    for lineage in lineages:
        for step in lineage.steps:
            if step.model != ROOT or lineage.measure not in additive:
                steps[step] = None
    places: dict[tuple[str, str], list[Step]] = {}
    for step in steps:
        query = "" if step.model == ROOT else step.query
        places.setdefault((step.model, query), []).append(step)
    lines: list[str] = []
    for (model, query), found in places.items():
        lines.append(f"-- {model}" + (f": {query}" if query else ""))
        lines += [_wrapped(f"{step.expression} as {step.column}") for step in found]
    return "\n".join(lines)


def _wrapped(line: str) -> str:
    if len(line) <= _WIDTH:
        return line
    filled = textwrap.fill(
        _UNBROKEN.sub(_HARD_SPACE, line),
        _WIDTH,
        subsequent_indent="    ",
        break_long_words=False,
        break_on_hyphens=False,
    )
    return filled.replace(_HARD_SPACE, " ")


def _from_clauses(rows: Iterable[tuple[str, str]]) -> str:
    """What a model's queries read, one clause a line."""
    clauses = []
    for name, text in rows:
        lines = [_wrapped(line) for line in _CLAUSE.split(text)]
        clauses.append("\n".join([f"-- {name}", *lines] if name else lines))
    return "\n\n".join(clauses)


def _linked(text: str, documentation: Mapping[str, Documented], page: Path) -> str:
    """The text with the names of models and seeds as links to their files."""

    def link(match: re.Match[str]) -> str:
        known = documentation.get(match.group())
        # a seed's or model's name has an underscore; `bands` may be just a word
        if known is None or "_" not in match.group():
            return match.group()
        return f"[`{match.group()}`]({os.path.relpath(known.path, page.parent)})"

    return re.sub(r"\w+", link, text)


def number(value: Fraction | int, places: int = 0) -> str:
    """Half up, as the letters print it: 16095.125 at two places is `16.095,13`."""
    shifted = Fraction(value) * 10**places
    half_up = (2 * shifted.numerator + shifted.denominator) // (2 * shifted.denominator)
    return printing.number(Decimal(half_up).scaleb(-places), places)


def exact(value: Fraction) -> str:
    """A decimal number with all its digits: 98.5 is `98,5`."""
    return f"{Decimal(value.numerator) / value.denominator:f}".replace(".", ",")


def percent(rate: Fraction, places: int = 2) -> str:
    """A rate of 0 to 1 in percent, half up: 0.96565 is `96,57 %`."""
    return number(rate * 100, places) + " %"
