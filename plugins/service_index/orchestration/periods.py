"""Periods of the statistical form: quarters, half-years and years."""

from __future__ import annotations

import re
from datetime import date, datetime

from service_index.orchestration.windows import business_month

_PERIOD = re.compile(r"\d{4}(Q[1-4]|H[12])?")


def parse_period(text: str) -> str:
    """`2025Q3`, `2025H1` or `2025`, as the form is named; ValueError for anything else."""
    if not _PERIOD.fullmatch(text):
        raise ValueError(f"'{text}' is not a period: write it as 2025Q3, 2025H1 or 2025")
    return text


def last_month_of_quarter(interval_start: datetime) -> date:
    """The last month of the ICT quarter in which a data interval begins, as its first day."""
    month = business_month(interval_start)
    return month.replace(month=(month.month + 2) // 3 * 3)


def periods_of_quarter(interval_start: datetime) -> list[str]:
    """What is reported after the ICT quarter in which a data interval begins.

    The quarter; after the second the first half-year too, after the fourth the year.
    """
    month = business_month(interval_start)
    quarter = (month.month + 2) // 3
    with_quarter = {2: [f"{month.year}H1"], 4: [f"{month.year}"]}
    return [f"{month.year}Q{quarter}", *with_quarter.get(quarter, [])]
