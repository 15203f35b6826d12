"""The generator of hostile provinces, and the comparison of an oracle's result with the marts."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from fractions import Fraction
from itertools import pairwise

from tests.oracle import OracleResult, calculate
from tests.oracle.cases import END_TO_END, MARCH, dossier, score
from tests.oracle.compare import BALANCE, COMPLIANCE, CRITERION_SCORE, agree, differences_in
from tests.oracle.facts import Facts
from tests.oracle.generate import INCREMENTAL, Province, generate
from tests.oracle.policy import CATALOGUE, Policy
from tests.oracle.records import ProcedureRow
from tests.oracle.units import Month
from tests.oracle.versions import read


def result_of(province: Province) -> OracleResult:
    """What the independent calculation makes of a province."""
    policy = Policy(province.civil_status_field)
    return calculate(province.deliveries(), province.months, province.cutoff, policy)


def test_a_generated_province_is_hostile_and_deterministic() -> None:
    assert generate(7) == generate(7)
    provinces = [generate(seed) for seed in range(5)]
    results = [result_of(province) for province in provinces]
    rows = [row for result in results for row in result.criterion_scores]
    every = {criterion.code for criterion in CATALOGUE}
    assert {row.criterion_code for row in rows if row.status == "scored"} == every
    in_part = {
        row.criterion_code
        for row in rows
        if row.denominator and 0 < (row.numerator or 0) < row.denominator
    }
    assert in_part == every
    feeds = {"dossiers", "payments", "petitions", "ratings", "procedures", "units"}
    assert {feed for result in results for feed in result.refused} == feeds
    for phase in (phase for province in provinces for phase in province.phases):
        versions = [
            str(record["NgayCapNhat"])
            for feed in INCREMENTAL
            for record in phase.records[feed]
            if str(record.get("NgayCapNhat")).isdigit()
        ]
        assert max(versions) < f"{phase.landed_at:%Y%m%d%H%M%S}", "a version after its landing"


def test_attributes_of_procedures_differ_between_the_months() -> None:
    moved = set()
    for seed in range(5):
        province = generate(seed)
        facts = Facts(read(province.deliveries()))
        months = [
            facts.in_month(Month.of(month, province.cutoff)).procedures for month in province.months
        ]
        for before, after in pairwise(months):
            for old, new in zip(before, after, strict=True):
                assert (old.row.procedure_code, old.row.unit_code) == (
                    new.row.procedure_code,
                    new.row.unit_code,
                )
                moved |= {
                    name
                    for name in ProcedureRow._fields
                    if getattr(old.row, name) != getattr(new.row, name)
                }
                moved |= {"vanished"} if new.has_vanished > old.has_vanished else set()
                moved |= {"came back"} if new.has_vanished < old.has_vanished else set()
    same = {"procedure_code", "unit_code", "administrative_level"}
    assert moved == {*ProcedureRow._fields, "vanished", "came back"} - same


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
