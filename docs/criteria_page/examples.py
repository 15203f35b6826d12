"""The worked examples: one month of the sample province, all of it invented (DỮ LIỆU MẪU)."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from fractions import Fraction
from pathlib import Path

import psycopg

from docs.criteria_page.catalogue import Row, read_csv

MONTH = date(2025, 3, 1)
LAST_DAY = date(2025, 3, 31)
PROVINCE_CODE = "33"
NOTICE = "DỮ LIỆU MẪU"
_COLUMNS = ("criterion_code", "numerator", "denominator", "notice")


@dataclass(frozen=True)
class Example:
    """How many of how many, and what that is worth; `rate` and `points` are None without any."""

    numerator: int
    denominator: int
    max_points: Fraction
    target_rate: Fraction
    rate: Fraction | None
    points: Fraction | None


def read_examples(path: Path) -> dict[str, tuple[int, int]]:
    """Numerator and denominator by criterion.

    Raises ValueError where a row is not marked as sample data.
    """
    rows = read_csv(path)
    if any(row["notice"] != NOTICE for row in rows):
        raise ValueError(f"{path.name}: a row does not say {NOTICE}")
    return {row["criterion_code"]: (int(row["numerator"]), int(row["denominator"])) for row in rows}


def write_examples(path: Path, counts: Mapping[str, tuple[int, int]]) -> None:
    """The file that `read_examples` reads, in the order of the criteria."""
    with path.open("w", encoding="utf-8", newline="") as lines:
        writer = csv.writer(lines, lineterminator="\n")
        writer.writerow(_COLUMNS)
        writer.writerows((code, *counts[code], NOTICE) for code in sorted(counts))


def fetch_examples(dsn: str) -> dict[str, tuple[int, int]]:
    """The counts of the sample province in a warehouse that has scored the month."""
    with psycopg.connect(dsn) as connection:
        rows: Iterable[tuple[str, int, int]] = connection.execute(
            "select criterion_code, numerator, denominator from marts.fct_criterion_score "
            "where period_month = %s and unit_code = %s and denominator is not null",
            [MONTH, PROVINCE_CODE],
        ).fetchall()
    return {code: (numerator, denominator) for code, numerator, denominator in rows}


def worked(criterion: Row, counts: tuple[int, int], zero_denominator_outcome: str) -> Example:
    """The example of a criterion, as its row of the catalogue scores it."""
    numerator, denominator = counts
    max_points, target_rate = Fraction(criterion["max_points"]), Fraction(criterion["target_rate"])
    rate: Fraction | None = None
    points: Fraction | None
    if denominator:
        rate = Fraction(numerator, denominator)
        points = max_points * min(Fraction(1), rate / target_rate)
    else:
        outcomes = {"not_applicable": None, "zero": Fraction(0), "full_marks": max_points}
        points = outcomes[zero_denominator_outcome]
    return Example(numerator, denominator, max_points, target_rate, rate, points)
