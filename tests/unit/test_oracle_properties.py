"""What holds of the independent calculation whatever a province brings."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from random import Random

from hypothesis import given, settings
from hypothesis import strategies as st

from tests.oracle import Delivery, OracleResult, calculate
from tests.oracle.criteria import ONLINE_LEVELS
from tests.oracle.facts import Facts
from tests.oracle.generate import Province, provinces
from tests.oracle.policy import CATALOGUE, GROUPS, Policy
from tests.oracle.units import Month
from tests.oracle.versions import read

SMALL = provinces(most_dossiers=40, most_others=15)
OF_PROCEDURES = {"01", "02", "03", "06", "10", "17"}
OF_CODES = {"07", "09"}
many = settings(max_examples=100, deadline=None, derandomize=True)


def result_of(province: Province, deliveries: Sequence[Delivery] | None = None) -> OracleResult:
    """The result of a province, or of the same records delivered otherwise."""
    policy = Policy(province.civil_status_field)
    served = province.deliveries() if deliveries is None else deliveries
    return calculate(served, province.months, province.cutoff, policy)


@many
@given(SMALL)
def test_every_unit_has_21_rows_within_their_bounds(province: Province) -> None:
    result = result_of(province)
    rows = Counter((row.period_month, row.unit_code) for row in result.criterion_scores)
    assert set(rows.values()) == {len(CATALOGUE)} == {21}
    assert rows.keys() == {(row.period_month, row.unit_code) for row in result.monthly_scores}
    assert {month for month, _ in rows} == set(province.months)
    for row in result.criterion_scores:
        assert (row.numerator is None) == (row.denominator is None)
        if row.numerator is None or row.denominator is None:
            assert row.criterion_code in ("01", "02", "03")
            assert row.unit_type not in ("province", "department")
        else:
            assert 0 <= row.numerator <= row.denominator
        assert (row.score is not None) == (row.status == "scored") == bool(row.denominator)
        assert row.score is None or 0 <= row.score <= row.max_points
    for total in result.monthly_scores:
        assert total.raw_points == sum(total.group_points[group] for group in GROUPS)
        assert 0 <= total.raw_points <= total.applicable_max_points <= 100
        assert total.total_score is None or 0 <= total.total_score <= 100
    assert all(row.closes() for row in result.balances)


@many
@given(SMALL)
def test_a_province_holds_its_units(province: Province) -> None:
    denominators: dict[tuple[object, ...], Counter[str]] = defaultdict(Counter)
    for row in result_of(province).criterion_scores:
        key = row.period_month, row.province_code, row.criterion_code
        kind = "province" if row.unit_type == "province" else "units"
        denominators[key][kind] += row.denominator or 0
        denominators[key]["most"] = max(denominators[key]["most"], row.denominator or 0)
    for (_, _, criterion), counted in denominators.items():
        if criterion in OF_PROCEDURES:
            assert counted["province"] >= min(1, counted["units"])
        elif criterion in OF_CODES:
            assert counted["province"] >= counted["most"]
        else:
            assert counted["province"] >= counted["units"]


@many
@given(SMALL, st.randoms(use_true_random=False))
def test_the_order_of_records_and_a_window_twice_change_nothing(
    province: Province, rng: Random
) -> None:
    deliveries = list(province.deliveries())
    shuffled = [
        replace(each, records=rng.sample(list(each.records), len(list(each.records))))
        for each in deliveries
    ]
    again = rng.choice(shuffled)
    shuffled.append(replace(again, landed_at=again.landed_at + timedelta(seconds=1)))
    rng.shuffle(shuffled)
    expected, found = result_of(province), result_of(province, shuffled)
    for name in ("criterion_scores", "monthly_scores", "balances", "compliances", "causes"):
        # Ranks aside, rows come unit by unit in the order in which the units were delivered.
        assert sorted(map(repr, getattr(expected, name))) == sorted(map(repr, getattr(found, name)))


@many
@given(SMALL)
def test_a_province_counts_a_code_only_once_and_only_if_all_its_rows_do(
    province: Province,
) -> None:
    facts = Facts(read(province.deliveries()))
    scores = {
        (row.period_month, row.unit_code): (row.numerator, row.denominator)
        for row in result_of(province).criterion_scores
        if row.criterion_code == "06"
    }
    for first_day in province.months:
        of_month = facts.in_month(Month.of(first_day, province.cutoff))
        online: dict[tuple[str, str], set[bool]] = defaultdict(set)
        for state in of_month.procedures:
            above = of_month.units.place(state.row.unit_code).province_unit
            if above is not None and state.is_active_on(of_month.month.last_day):
                is_online = state.row.online_level in ONLINE_LEVELS
                online[above, state.row.procedure_code].add(is_online)
        for unit in of_month.units.valid.values():
            if unit.unit_type == "province":
                codes = [met for (above, _), met in online.items() if above == unit.code]
                assert scores[first_day, unit.code] == (codes.count({True}), len(codes))
