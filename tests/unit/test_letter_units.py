"""What the letter says about units: who is ranked, who misses the target, and who is not judged."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

from service_index.publishing.documents.letter_units import rankings, target, unranked
from tests.letter_support import PROVINCE, progress, ranked, release, unit


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
        ]
    )
    assert [(u.name, u.because, u.total) for u in unranked(found)] == [
        ("Đơn vị C1", "no_ranking_criterion", None),
        ("Đơn vị V", "unit_type_not_ranked", Decimal(60)),
    ]


def test_units_below_the_target_the_lowest_rate_first() -> None:
    rows = [
        progress(PROVINCE, 60, 100),
        progress("C001", 2, 10),
        progress("C002", 7, 10),  # meets 70 %
        progress("C003", 1, 10),
        progress("C004", 1, 10),
        progress("C005", 0, 0),  # nothing resolved: no verdict
        progress("C006", None, None, withheld="n<5"),
    ]
    found = target(release(units=ranked("commune", 6), compliance=rows))
    (communes,) = found.types
    assert [u.online.unit_code for u in communes.below] == ["C003", "C004", "C001"]
    assert [u.online.shortfall for u in communes.below] == [6, 6, 5]
    assert (communes.judged, communes.withheld) == (4, 1)
    assert (found.below, found.judged, found.rate, found.is_set) == (3, 4, Decimal("0.70"), True)
    assert (found.province["month"].numerator, found.has_withheld) == (60, True)


def test_only_the_month_in_all_fields_decides() -> None:
    rows = [
        progress("C001", 1, 10, "year_to_date"),
        replace(progress("C001", 1, 10), metric_code="result_in_vault"),
        replace(progress("C001", 1, 10), field_code="ho-tich"),
    ]
    found = target(release(units=ranked("commune", 1), compliance=rows))
    assert (found.below, found.judged, found.is_set) == (0, 0, False)


def test_targets_of_their_own_are_no_common_rate() -> None:
    rows = [progress("C001"), replace(progress("C002"), target_rate=Decimal("0.80"))]
    found = target(release(units=ranked("commune", 2), compliance=rows))
    assert (found.rate, found.is_set) == (None, True)
