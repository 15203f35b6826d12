"""Monthly releases made by hand for the letter and its annex, and the letter's sentences."""

from __future__ import annotations

import csv
import math
from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal
from fractions import Fraction
from typing import Any

from service_index.publishing.documents import letter, wording
from service_index.publishing.documents.office import TEMPLATES
from service_index.publishing.edition import Edition
from service_index.publishing.month import (
    Cause,
    Compliance,
    EarlierMonth,
    LetterFigure,
    MonthRelease,
    Points,
    UnitScore,
)
from service_index.publishing.relations import GROUPS
from service_index.settings import PROJECT_ROOT

PROVINCE = "P"
SEED = PROJECT_ROOT / "dbt_project" / "seeds" / "letter_figures.csv"
MAXIMA = dict(zip(GROUPS, (18, 20, 12, 10, 22, 18), strict=True))
CAUSES = (
    "not_submitted_online",
    "not_paid_online",
    "no_electronic_result",
    "not_returned_online",
    "in_person_step",
)


def edition(period: str = "2025-08", **facts: Any) -> Edition:
    values: dict[str, Any] = {
        "release_id": f"{period}.r1",
        "kind": "monthly",
        "period": period,
        "province_code": PROVINCE,
        "province_name": "Tỉnh Bình An",
        "revision": 1,
        "previous_release_id": None,
        "reason": None,
        "created_at": datetime(2026, 1, 5, tzinfo=UTC),
        "catalogue_version": "2022-06-23",
        "content_sha256": "0" * 64,
        "code_revision": "abc",
        "is_sample": True,
        "source_batches": [],
        "stamp": 1,
        "status": "final",
        "data_cutoff": datetime(2026, 1, 4, 17, tzinfo=UTC),
        "stamped_at": datetime(2026, 1, 5, tzinfo=UTC),
    }
    return Edition(**(values | facts))


def unit(code: str, unit_type: str, rank: int | None = None, **facts: Any) -> UnitScore:
    """A unit with 60 % of each group's points, less a point for each rank."""
    total = Decimal(60 - (rank or 0))
    values: dict[str, Any] = {
        "unit_code": code,
        "unit_name": f"Đơn vị {code}",
        "unit_type": unit_type,
        "parent_unit_code": None if code == PROVINCE else PROVINCE,
        "former_unit_code": None,
        "former_unit_name": None,
        "groups": {
            group: Points(total * maximum / 100, Decimal(maximum))
            for group, maximum in MAXIMA.items()
        },
        "raw_points": total,
        "applicable_max_points": Decimal(100),
        "total_score": total,
        "band": "Trung bình",
        "ranking_status": "ranked" if rank else "unit_type_not_ranked",
        "rank": rank,
        "rank_out_of": None,
        "previous_rank": None,
        "is_series_break": False,
    }
    return UnitScore(**(values | facts))


def ranked(unit_type: str, count: int) -> list[UnitScore]:
    """So many units of a type; each was a place better last month than it is now."""
    return [
        unit(
            f"{unit_type[0].upper()}{n:03}",
            unit_type,
            n,
            rank_out_of=count,
            previous_rank=n - 1 or count,
        )
        for n in range(1, count + 1)
    ]


def progress(
    code: str, met: int | None = 3, of: int | None = 10, basis: str = "month", **facts: Any
) -> Compliance:
    """An end-to-end row with a target of 70 %."""
    target = Decimal("0.70")
    is_judged = met is not None and of not in (None, 0)
    values: dict[str, Any] = {
        "unit_code": code,
        "basis": basis,
        "metric_code": "end_to_end_online",
        "field_code": "*",
        "field_name": None,
        "numerator": met,
        "denominator": of,
        "rate": Decimal(met or 0) / Decimal(of or 1) if is_judged else None,
        "target_rate": target,
        "is_compliant": (met or 0) >= target * (of or 0) if is_judged else None,
        "shortfall": max(0, math.ceil(target * (of or 0)) - (met or 0)) if is_judged else 0,
        "withheld": None,
    }
    return Compliance(**(values | facts))


def withheld(code: str, basis: str = "month", **facts: Any) -> Compliance:
    """An end-to-end row whose numbers are withheld; its verdict may be known all the same."""
    without = {"rate": None, "shortfall": None, "is_compliant": None, "withheld": "n<5"}
    return progress(code, None, None, basis, **(without | facts))


def half_up(value: Decimal | Fraction | int, places: int) -> str:
    """A number as a paper prints it, in whole numbers alone: 1234.125 at 2 is `1.234,13`."""
    units = math.floor(Fraction(value) * 10**places + Fraction(1, 2))
    whole, rest = divmod(units, 10**places)
    grouped = f"{whole:,}".replace(",", ".")
    return f"{grouped},{rest:0{places}}" if places else grouped


def printed_figures(
    points: dict[str, str] | None = None,
    averages: dict[str, str] | None = None,
    has_national: bool = True,
) -> dict[str, LetterFigure]:
    """Every figure of the seed file, all printed differently unless told otherwise."""
    found = {}
    with SEED.open(encoding="utf-8") as file:
        for row in csv.DictReader(file):
            code, kind, position = row["row_code"], row["figure"], int(row["position"])
            maximum = Decimal(MAXIMA.get(row["group_code"], 100))
            value: Decimal | None = Decimal(position) + Decimal("0.04") * position
            out_of: Decimal | None = None
            places, suffix = 2, ""
            if kind in ("points", "average"):
                given = (points if kind == "points" else averages) or {}
                value = Decimal(given.get(row["group_code"], f"{position / 4:.2f}"))
                out_of, places = maximum, 2 if code == "total" else 1
            elif kind == "rank":
                value, out_of, places = Decimal(position), Decimal(34), 0
            elif kind == "criterion_numerator":
                value, places = Decimal(4000 + position), 0
            else:
                suffix = "%"
            if not has_national and kind in ("average", "rank"):
                value = None
            text = None if value is None else half_up(value, places) + suffix
            if text is not None and kind == "rank":
                text = text.zfill(2)
            found[code] = LetterFigure(code, position, row["label_vi"], value, out_of, text, None)
    return found


def release(
    units: list[UnitScore] | None = None,
    compliance: list[Compliance] | None = None,
    letter: dict[str, LetterFigure] | None = None,
    **facts: Any,
) -> MonthRelease:
    """A release of a province with departments, communes and an agency unless told otherwise.

    `facts` are of the edition. Without `compliance` every second unit misses the target.
    """
    if units is None:
        agency = unit("V001", "vertical_agency", unit_name="Thuế tỉnh")
        units = [*ranked("department", 3), *ranked("commune", 4), agency]
    of = edition(**facts)
    by_code = {u.unit_code: u for u in [unit(PROVINCE, "province", unit_name=of.province_name)]}
    by_code |= {u.unit_code: u for u in units}
    if compliance is None:
        compliance = [
            progress(code, met + (basis == "year_to_date"), 10, basis)
            for basis in ("month", "year_to_date")
            for code, met in zip(by_code, (5, 7) * len(by_code), strict=False)
        ]
    return MonthRelease(
        edition=of,
        units=by_code,
        criteria=[],
        criterion_scores={},
        compliance=compliance,
        causes=[Cause(code, cause, 6, 5, None) for code in by_code for cause in CAUSES],
        national=[],
        averages={},
        letter=printed_figures() if letter is None else letter,
        changes=[],
    )


def month_before(
    period: str = "2025-07", points: dict[str, str] | None = None, total: str = "70"
) -> EarlierMonth:
    """The province's points of another month; where none are given, 1 in each group."""
    groups = {
        group: Points(Decimal((points or {}).get(group, "1")), Decimal(maximum))
        for group, maximum in MAXIMA.items()
    }
    province = replace(unit(PROVINCE, "province"), groups=groups, total_score=Decimal(total))
    return EarlierMonth(
        release_id=f"{period}.r1",
        units={PROVINCE: province},
        criterion_scores={},
        period=period,
    )


def sections(of: MonthRelease, *earlier: EarlierMonth) -> wording.Sections:
    """The letter's wording filled in, as both of its files get it."""
    return wording.read(TEMPLATES / "letter.txt", letter._facts(of, earlier))


def body(of: MonthRelease, *earlier: EarlierMonth) -> list[str]:
    return [block["text"] for block in sections(of, *earlier)["body"]]


def starting(texts: list[str], start: str) -> str:
    (found,) = (text for text in texts if text.startswith(start))
    return found


def under(texts: list[str], heading: str, following: str) -> list[str]:
    """The texts between two headings."""
    first, last = (texts.index(starting(texts, start)) for start in (heading, following))
    return texts[first + 1 : last]
