"""The dated catalogue where loading needs it too: the seeds that dbt reads, on one day."""

from __future__ import annotations

import csv
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path

from service_index.loading.provinces import Province, Provinces

TOTAL = "total"


@dataclass(frozen=True)
class NationalCatalogue:
    """What is needed to judge the portal's rows of a month.

    groups    the portal's column → the group of criteria it shows, or TOTAL
    maxima    group, or TOTAL → the most points it can give
    """

    provinces: Provinces
    groups: Mapping[str, str]
    maxima: Mapping[str, Decimal]


def read_national(seeds: Path, month: date) -> NationalCatalogue:
    """The catalogue as it is valid on the last day of `month`; `seeds` is dbt's folder."""
    day = _last_day(month)
    provinces = Provinces(
        Province(row["province_code"], row["province_name"])
        for row in _valid_rows(seeds / "provinces.csv", day)
    )
    groups = {
        row["column_name"]: row["group_code"]
        for row in _valid_rows(seeds / "national_portal_columns.csv", day)
    }
    maxima = {TOTAL: Decimal(0)}
    for row in _valid_rows(seeds / "criteria.csv", day):
        points = Decimal(row["max_points"])
        maxima[row["group_code"]] = maxima.get(row["group_code"], Decimal(0)) + points
        maxima[TOTAL] += points
    return NationalCatalogue(provinces, groups, maxima)


def _last_day(month: date) -> date:
    following = date(month.year + month.month // 12, month.month % 12 + 1, 1)
    return following - timedelta(days=1)


def _valid_rows(seed: Path, day: date) -> list[dict[str, str]]:
    """A seed's rows that are in force on `day`; both ends are inclusive, an empty end is open."""
    on = day.isoformat()
    with seed.open(encoding="utf-8", newline="") as lines:
        return [
            row
            for row in csv.DictReader(lines)
            if row["valid_from"] <= on <= (row["valid_to"] or on)
        ]
