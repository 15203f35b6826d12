"""The generator's building blocks: exact draws, office time, units, scores of the portal."""

from collections import defaultdict
from decimal import ROUND_HALF_UP, Decimal
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from simulator import SAMPLE_NOTICE, national_scores, reference
from simulator.draws import Draws, apportion, certain, first_of_each, most_frequent
from simulator.plan import FULL, PLANS, Plan
from simulator.publication import publications
from simulator.rhythm import (
    DAY,
    WORKDAY,
    arrivals,
    from_working_time,
    instant,
    month_end,
    month_of,
    stamp,
    working_time,
)
from simulator.units import unit_rows


def test_exactly_takes_the_count_and_follows_the_leaning() -> None:
    eligible = np.arange(10_000) % 2 == 0
    leaning = np.where(np.arange(10_000) < 5_000, 1.0, -1.0)
    chosen = Draws(1, "test").exactly(1_000, eligible, leaning)
    assert chosen.sum() == 1_000
    assert not (chosen & ~eligible).any()
    assert chosen[:5_000].sum() > 2 * chosen[5_000:].sum()


def test_exactly_refuses_what_cannot_be() -> None:
    with pytest.raises(ValueError, match="3 wanted of 2 eligible"):
        Draws(1, "test").exactly(3, np.array([True, False, True]))


def test_what_is_certain_is_always_drawn() -> None:
    eligible = np.ones(1_000, dtype=np.bool_)
    wanted = np.arange(1_000) % 100 == 7
    assert Draws(1, "test").exactly(12, eligible, certain(wanted))[wanted].all()


@given(st.lists(st.tuples(st.integers(0, 5), st.booleans()), min_size=1, max_size=30))
def test_first_and_most_frequent_values_are_among_the_eligible(
    pairs: list[tuple[int, bool]],
) -> None:
    values = np.array([value for value, _ in pairs])
    eligible = np.array([flag for _, flag in pairs])
    first = first_of_each(values, eligible)
    assert sorted(values[first]) == sorted(set(values[eligible]))
    assert not (first & ~eligible).any()
    for count in range(len(set(values[eligible])) + 1):
        chosen = most_frequent(values, eligible, count)
        assert not (chosen & ~eligible).any()
        assert len(set(values[chosen])) == count
        others = [int((values[eligible] == v).sum()) for v in set(values[eligible & ~chosen])]
        assert all(
            int((values[eligible] == v).sum()) >= max(others, default=0)
            for v in set(values[chosen])
        )
    with pytest.raises(ValueError, match="values"):
        most_frequent(values, eligible, 7)


@given(
    st.lists(st.floats(0.001, 1000), min_size=1, max_size=40),
    st.integers(0, 3),
    st.integers(0, 5_000),
)
def test_apportion_sums_and_respects_the_minimum(
    weights: list[float], minimum: int, extra: int
) -> None:
    total = minimum * len(weights) + extra
    counts = apportion(total, np.array(weights), minimum)
    assert counts.sum() == total
    assert counts.min() >= minimum


@given(st.integers(instant(2025, 1, 2), instant(2025, 12, 31)))
def test_working_time_comes_back_within_office_hours(moment: int) -> None:
    back = from_working_time(working_time(np.array([moment])))[0]
    assert back >= moment, "working time never runs backwards"
    second = back % DAY
    in_morning = 7.5 * 3600 <= second < 11.5 * 3600
    assert in_morning or 13 * 3600 <= second < 17 * 3600


def test_offices_rest_at_weekends_and_on_national_day() -> None:
    friday, wednesday = instant(2025, 8, 29, 17), instant(2025, 9, 3)
    worked = working_time(np.array([friday, wednesday]))
    assert worked[0] == worked[1], "30 August to 2 September is off"
    assert from_working_time(worked[1:])[0] == instant(2025, 9, 3, 7, 30)


def test_a_working_day_is_eight_hours() -> None:
    monday = instant(2025, 8, 4)
    assert np.diff(working_time(np.array([monday, monday + DAY])))[0] == WORKDAY == 8 * 3600


def test_arrivals_keep_to_desk_hours_and_days() -> None:
    by_screen = np.arange(4_000) % 2 == 0
    found = arrivals(Draws(1, "test"), by_screen, instant(2025, 7, 1), instant(2025, 9, 16), 0.3)
    desk = found[~by_screen]
    assert ((desk // DAY + 3) % 7 < 5).all()
    assert np.array_equal(from_working_time(working_time(desk)), desk), "in office hours"
    assert (found[by_screen] % DAY >= 18 * 3600).any(), "citizens also submit at night"


def test_stamp_writes_contract_times() -> None:
    moments = np.array([instant(2025, 3, 31, 23, 59, 59), 0, instant(2025, 7, 1)])
    assert stamp(moments).tolist() == [20250331235959, 0, 20250701000000]


def test_a_month_ends_where_the_next_one_begins() -> None:
    moments = np.array([instant(2025, 3, 1), instant(2025, 3, 31, 23, 59, 59), instant(2025, 4, 1)])
    assert month_of(moments).tolist() == [3, 3, 4]
    april, may = instant(2025, 4, 1), instant(2025, 5, 1)
    assert month_end(moments).tolist() == [april, april, may]


def test_procedures_keep_as_many_deadlines_as_planned() -> None:
    source, figures = reference.load(), FULL.procedures
    rows = list(publications(source, figures, Draws(1, "test")))
    second, third = figures.second_quarter, figures.third_quarter
    for quarter, first_day, last_day in (
        (figures.first_quarter, "20250101", "20250331"),
        (second, "20250401", "20250630"),
        (third, "20250701", "20250915"),
    ):
        due = [row for row in rows if first_day <= row.publish_by <= last_day]
        assert len(due) == quarter.due
        in_time = [row for row in due if row.published_on and row.published_on <= row.publish_by]
        assert len(in_time) == quarter.published_on_time
    to_disclose = [row for row in rows if row.disclose_by]
    assert all(row.disclose_by <= "20250915" for row in to_disclose)
    assert sum(row.disclose_by <= "20250331" for row in to_disclose) == 376
    disclosed = [row for row in to_disclose if "" < row.disclosed_on <= row.disclose_by]
    quarters = (figures.first_quarter, second, third)
    assert len(disclosed) == sum(quarter.disclosed_on_time for quarter in quarters)
    for row in to_disclose:
        assert row.published_on <= (row.disclosed_on or "9"), "nothing is disclosed unpublished"


@pytest.mark.parametrize("plan", PLANS.values(), ids=PLANS)
def test_the_plan_closes_its_balances(plan: Plan) -> None:
    assert plan.march.open_at_end > sum(plan.march.open_on_1_july.values())
    for figures in plan.quarter.sides.values():
        assert figures.open_at_end > figures.open_overdue


def test_unit_versions_never_overlap_and_successors_exist() -> None:
    rows = list(unit_rows(reference.load()))
    versions = defaultdict(list)
    for row in rows:
        versions[row["MaDonVi"]].append((row["HieuLucTu"], row["HieuLucDen"] or "99999999"))
    for code, spans in versions.items():
        for earlier, later in pairwise(sorted(spans)):
            assert earlier[1] < later[0], code
    present = {row["MaDonVi"] for row in rows if not row["HieuLucDen"]}
    for row in rows:
        successors = set(filter(None, row["MaDonViKeThua"].split(";")))
        assert successors <= present
        ends_for_good = row["HieuLucDen"] and row["MaDonVi"] not in present
        assert successors or not ends_for_good, f"{row['MaDonVi']} ends without successor"


def test_units_are_all_of_the_province() -> None:
    kinds: dict[tuple[str, bool], int] = defaultdict(int)
    for row in unit_rows(reference.load()):
        kinds[row["LoaiDonVi"], bool(row["HieuLucDen"])] += 1
    assert kinds == {
        ("tinh", True): 2,
        ("tinh", False): 1,
        ("so", False): 13,
        ("nganh_doc", False): 6,
        ("huyen", True): 18,
        ("xa", True): 381,
        ("xa", False): 104,
    }


def test_a_divided_commune_names_the_successor_that_keeps_its_code_first() -> None:
    by_code = {commune.code: commune for commune in reference.load().former_communes}
    assert by_code["12322"].successors == ("12322", "11983")


def _number(text: str) -> Decimal:
    return Decimal(text.replace(",", "."))


def _one_decimal(value: Decimal) -> str:
    return str(value.quantize(Decimal("0.1"), ROUND_HALF_UP))


@pytest.mark.parametrize(
    ("month", "provinces", "total", "rank"),
    [
        ("2025-03", 63, "73.04", "28"),
        ("2025-07", 34, "74.88", "20"),
        ("2025-08", 34, "77.51", "20"),
        ("2025-09", 34, "75.05", "9"),
    ],
)
def test_portal_shows_the_published_total_and_rank(
    month: str, provinces: int, total: str, rank: str
) -> None:
    rows = national_scores.rows_by_month()[month]
    assert len(rows) == provinces
    own = next(row for row in rows if row["TEN"] == "Tỉnh Hưng Yên")
    assert (_number(own["TONG_SCORE"]), own["ROW_STT"]) == (Decimal(total), rank)
    totals = [_number(row["TONG_SCORE"]) for row in rows]
    assert totals == sorted(totals, reverse=True), "ROW_STT is the rank by total"
    assert [row["ROW_STT"] for row in rows] == [str(place + 1) for place in range(provinces)]
    assert all(row["GHI_CHU"] == SAMPLE_NOTICE for row in rows)


@pytest.mark.parametrize(
    ("column", "score", "average", "rank"),
    [
        ("CKMB", "9.3", "9.9", 26),
        ("TDGQ", "19.3", "17.6", 6),
        ("CLGQ", "7.5", "6.2", 21),
        ("TTTT", "4.7", "5.2", 52),
        ("MDSH", "14.6", "14.6", None),
        ("MDHL", "17.8", "17.5", None),
    ],
)
def test_portal_shows_march_as_the_letter_quotes_it(
    column: str, score: str, average: str, rank: int | None
) -> None:
    rows = national_scores.rows_by_month()["2025-03"]
    values = {row["TEN"]: _number(row[column]) for row in rows}
    own = values["Tỉnh Hưng Yên"]
    assert _one_decimal(own) == score
    assert _one_decimal(sum(values.values(), Decimal(0)) / len(values)) == average
    if rank:
        assert 1 + sum(value > own for value in values.values()) == rank


def test_portal_scores_add_up_within_their_maxima() -> None:
    maxima = {"CKMB": 18, "TDGQ": 20, "CLGQ": 12, "TTTT": 10, "MDHL": 18, "MDSH": 22}
    for month, rows in national_scores.rows_by_month().items():
        for row in rows:
            scores = {column: _number(row[column]) for column in maxima}
            assert all(0 <= score <= maxima[column] for column, score in scores.items())
            assert sum(scores.values()) == _number(row["TONG_SCORE"]), f"{row['TEN']}, {month}"


def test_portal_names_every_province_and_prints_commas_for_some() -> None:
    provinces = reference.rows("provinces")
    rows = national_scores.rows_by_month()
    names = {
        row["TEN"].split(" ", 2 if row["TEN"].startswith("Thành") else 1)[-1]
        for row in rows["2025-03"]
    }
    assert names == {province["old_name"] for province in provinces}
    after = {row["MA_COQUAN"] for row in rows["2025-07"]} - {""}
    assert after <= {province["new_code"] for province in provinces}
    assert any("," in row["TONG_SCORE"] for row in rows["2025-07"])
