"""The generator of hostile provinces, and the comparison of an oracle's result with the marts."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from decimal import Decimal
from fractions import Fraction

from hypothesis import given, settings

from tests.oracle import Delivery, calculate
from tests.oracle.cases import END_TO_END, MARCH, dossier, score
from tests.oracle.compare import BALANCE, COMPLIANCE, CRITERION_SCORE, agree, differences_in
from tests.oracle.fields import ICT
from tests.oracle.generate import Province, generate, provinces
from tests.oracle.policy import Policy


def landed(province: Province) -> list[Delivery]:
    """The phases of a province, landed hour by hour."""
    return list(province.deliveries(datetime(2026, 1, 1, tzinfo=ICT), timedelta(hours=1)))


@settings(max_examples=25, deadline=None)
@given(provinces())
def test_the_balance_always_closes_and_the_province_holds_its_units(province: Province) -> None:
    policy = Policy(province.civil_status_field)
    result = calculate(landed(province), province.months, province.cutoff, policy)
    assert all(row.closes() for row in result.balances)
    for row in result.criterion_scores:
        assert row.score is None or 0 <= row.score <= row.max_points
        if row.denominator is not None and row.unit_type != "province":
            above = next(
                other
                for other in result.criterion_scores
                if other.unit_type == "province"
                and (other.period_month, other.province_code, other.criterion_code)
                == (row.period_month, row.province_code, row.criterion_code)
            )
            assert (above.denominator or 0) >= row.denominator


def test_a_generated_province_is_hostile_and_deterministic() -> None:
    assert generate(7) == generate(7)
    results = [
        calculate(landed(each), each.months, each.cutoff, Policy(each.civil_status_field))
        for each in map(generate, range(5))
    ]
    scored_criteria = {
        row.criterion_code
        for result in results
        for row in result.criterion_scores
        if row.status == "scored"
    }
    computed = {"04", "05", "08", "11", "12", "13", "14", "18", "19", "20", "21"}
    assert scored_criteria == computed
    feeds = {"dossiers", "payments", "petitions", "ratings", "procedures", "units"}
    assert {feed for result in results for feed in result.refused} == feeds


def test_the_comparison_names_missing_unexpected_and_differing_rows() -> None:
    result = score(MARCH, dossiers=[dossier()])
    found = [dict(vars(row)) for row in result.balances]
    assert differences_in(BALANCE, result.balances, found) == []
    found[0]["resolved_late"] += 1
    found[1]["unit_code"] = "X"
    assert len(differences_in(BALANCE, result.balances, found)) == 3
    assert "repeat a key" in differences_in(BALANCE, result.balances, [*found, found[0]])[0]


def test_fields_without_a_dossier_may_be_left_out() -> None:
    row = score(MARCH, dossiers=[dossier(**END_TO_END)]).compliances[0]
    nothing = replace(row, field_code="X", numerator=0, denominator=0, is_compliant=None)
    assert differences_in(COMPLIANCE, [row], [dict(vars(row)), dict(vars(nothing))]) == []
    assert differences_in(COMPLIANCE, [row], [dict(vars(row)), vars(nothing) | {"denominator": 1}])


def test_numbers_agree_to_fifteen_decimals_and_counts_exactly() -> None:
    third = Fraction(1, 3)
    assert agree(third, Decimal("0.33333333333333333333"))
    assert not agree(third, Decimal("0.33333333333333"))
    assert not agree(third, 1 / 3), "a rate that is no numeric is an error of its own"
    assert not agree(third, None)
    assert not agree(third, Decimal("NaN"))
    assert agree(None, None)
    assert not agree(0, None)
    row = score(MARCH, dossiers=[dossier()]).criterion_scores[0]
    assert differences_in(CRITERION_SCORE, [row], [vars(row) | {"status": "scored"}])
