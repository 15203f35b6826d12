"""What the letter says about units: who is ranked, who misses the target, and who is not judged."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime
from decimal import Decimal

import pytest

from service_index.publishing import labels
from service_index.publishing.documents.letter_units import (
    JudgedUnit,
    rankings,
    target,
    unranked,
)
from tests.letter_support import (
    PROVINCE,
    month_before,
    progress,
    ranked,
    release,
    unit,
    withheld,
)


def codes(units: Iterable[JudgedUnit]) -> list[str]:
    return [unit.online.unit_code for unit in units]


def test_units_are_ranked_by_type_with_ties_in_order_of_codes() -> None:
    communes = [
        unit("C2", "commune", 1, rank_out_of=3, previous_rank=3),
        unit("C1", "commune", 1, rank_out_of=3, previous_rank=1),
        unit("C3", "commune", 3, rank_out_of=3),
    ]
    found = rankings(release(units=[*communes, *ranked("department", 2)]))
    assert [(r.unit_type, r.out_of) for r in found] == [("department", 2), ("commune", 3)]
    assert [(u.name, u.rank, u.moved) for u in found[1].units] == [
        ("Đơn vị C1", 1, 0),
        ("Đơn vị C2", 1, 2),
        ("Đơn vị C3", 3, None),
    ]


def test_ranks_do_not_move_across_a_reform() -> None:
    commune = unit("C1", "commune", 1, rank_out_of=1, previous_rank=5, is_series_break=True)
    assert [u.moved for u in rankings(release(units=[commune]))[0].units] == [None]


def test_units_of_the_same_name_are_told_apart_by_the_unit_above() -> None:
    districts = [unit(code, "district", unit_name=f"Huyện {code}") for code in ("A", "B")]
    communes = [
        unit(f"C{n}", "commune", n, unit_name="Xã Tân Lập", parent_unit_code=parent)
        for n, parent in ((1, "A"), (2, "B"))
    ]
    (ranking,) = rankings(release(units=[*districts, *communes]))
    assert [u.name for u in ranking.units] == ["Xã Tân Lập (Huyện A)", "Xã Tân Lập (Huyện B)"]


def test_units_without_a_rank_say_why() -> None:
    found = release(
        units=[
            unit("V", "vertical_agency"),
            unit("C1", "commune", ranking_status="no_ranking_criterion", total_score=None),
            unit("C2", "commune", 1, rank_out_of=1),
            unit("C3", "commune", ranking_status="another reason"),
        ]
    )
    assert [(u.name, u.because, u.total) for u in unranked(found)] == [
        ("Đơn vị C1", labels.NOT_RANKED["no_ranking_criterion"].vi, None),
        ("Đơn vị C3", "another reason", Decimal(60)),
        ("Đơn vị V", labels.NOT_RANKED["unit_type_not_ranked"].vi, Decimal(60)),
    ]


def test_units_below_the_target_the_lowest_rate_first() -> None:
    rows = [
        progress(PROVINCE, 60, 100),
        progress("C001", 2, 10),
        progress("C002", 7, 10),  # meets 70 %
        progress("C003", 1, 10),
        progress("C004", 1, 10),
        progress("C005", 0, 0),  # nothing resolved: no verdict
        withheld("C006", is_compliant=False),
        withheld("C007", is_compliant=True),
        withheld("C008", is_compliant=None),
    ]
    found = target(release(units=ranked("commune", 8), compliance=rows), [])
    (communes,) = found.types
    # A verdict is official, whether its numbers are published or not.
    assert codes(communes.below) == ["C003", "C004", "C001", "C006"]
    assert codes(communes.met) == ["C002", "C007"]
    assert [u.online.shortfall for u in communes.below] == [6, 6, 5, None]
    assert (communes.judged, communes.withheld) == (6, 3)
    assert (found.below, found.judged, found.rate, found.is_set) == (4, 6, Decimal("0.70"), True)
    assert (found.province["month"].numerator, found.has_withheld) == (60, True)


def test_the_lowest_are_named_by_their_rates() -> None:
    few = [progress("C001", 1, 10), withheld("C002", is_compliant=False)]
    (communes,) = target(release(units=ranked("commune", 2), compliance=few), []).types
    assert codes(communes.lowest) == ["C001", "C002"]
    many = few + [progress(f"C{n:03}", 12 - n, 20) for n in range(3, 9)]
    (communes,) = target(release(units=ranked("commune", 8), compliance=many), []).types
    assert codes(communes.lowest) == ["C001", "C008", "C007", "C006", "C005"]
    none = [withheld(f"C{n:03}", is_compliant=False) for n in range(1, 9)]
    (communes,) = target(release(units=ranked("commune", 8), compliance=none), []).types
    assert (len(communes.below), communes.lowest) == (8, [])


@pytest.mark.parametrize(
    ("period", "cutoff", "basis"),
    [
        ("2025-11", "2025-11-30T17:00+00:00", "month"),
        ("2025-12", "2025-12-31T16:59+00:00", "month"),
        ("2025-12", "2025-12-31T17:00+00:00", "year_to_date"),
    ],
)
def test_once_the_year_is_over_it_decides(period: str, cutoff: str, basis: str) -> None:
    rows = [progress("C001", 9, 10, "month"), progress("C001", 1, 10, "year_to_date")]
    of = release(
        units=ranked("commune", 1),
        compliance=rows,
        period=period,
        data_cutoff=datetime.fromisoformat(cutoff),
    )
    (communes,) = target(of, []).types
    assert [u.online.basis for u in communes.below + communes.met] == [basis]
    assert len(communes.below) == (basis == "year_to_date")


@pytest.mark.parametrize(
    ("period", "earlier", "is_whole"),
    [
        ("2025-01", [], True),
        ("2025-03", [], False),
        ("2025-03", ["2025-02"], False),
        ("2025-03", ["2024-01", "2024-02"], False),
        ("2025-03", ["2024-12", "2025-01", "2025-02"], True),
    ],
)
def test_a_year_is_whole_when_all_its_months_are_published(
    period: str, earlier: list[str], is_whole: bool
) -> None:
    found = target(release(period=period), [month_before(before) for before in earlier])
    assert found.is_whole_year is is_whole


def test_only_the_month_in_all_fields_decides() -> None:
    rows = [
        progress("C001", 1, 10, "year_to_date"),
        replace(progress("C001", 1, 10), metric_code="result_in_vault"),
        replace(progress("C001", 1, 10), field_code="ho-tich"),
    ]
    found = target(release(units=ranked("commune", 1), compliance=rows), [])
    assert (found.below, found.judged, found.is_set) == (0, 0, False)


def test_targets_of_their_own_are_no_common_rate() -> None:
    rows = [progress("C001"), replace(progress("C002"), target_rate=Decimal("0.80"))]
    found = target(release(units=ranked("commune", 2), compliance=rows), [])
    assert (found.rate, found.is_set) == (None, True)
