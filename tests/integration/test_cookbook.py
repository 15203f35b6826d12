"""docs/cookbook.md: every question runs, gives what the page shows, and is right.

The answers are counted again in Python, from other relations than the questions read.
"""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator
from datetime import date, datetime
from decimal import Decimal
from fractions import Fraction

import psycopg
import pytest
from psycopg.rows import namedtuple_row

from docs.cookbook_page.answers import a_province_s_reader, asking, run
from docs.cookbook_page.page import PAGE, Question, answered, questions
from docs.dictionary_page.page import PAGE as DICTIONARY
from service_index.settings import ICT
from service_index.warehouse.access import BI_READER
from simulator import reference
from tests.cookbook_warehouse import cookbook_warehouse
from tests.integration.cookbook_dossiers import Dossier, Dossiers
from tests.integration.told_relations import told_relations

PROVINCE = "33"
MARCH, JULY, AUGUST, SEPTEMBER = (date(2025, month, 1) for month in (3, 7, 8, 9))
CUTOFF = datetime(2025, 9, 16, tzinfo=ICT)
LONG_NAMES = {"timestamptz": "timestamp with time zone"}
TEXT = PAGE.read_text(encoding="utf-8")
QUESTIONS = {question.number: question for question in questions(TEXT)}

Rows = list[dict[str, object]]
Ask = Callable[[int], Rows]


@pytest.fixture(scope="module")
def filled(postgres_server: str) -> Iterator[psycopg.Connection]:
    with (
        cookbook_warehouse(postgres_server) as pipeline,
        pipeline.connect() as connection,
        a_province_s_reader(connection),
    ):
        yield connection


@pytest.fixture
def ask(filled: psycopg.Connection) -> Ask:
    def rows(number: int) -> Rows:
        answer = asking(filled)(QUESTIONS[number])
        return [dict(zip(answer.columns, row, strict=True)) for row in answer.rows]

    return rows


@pytest.fixture(scope="module")
def dossiers(filled: psycopg.Connection) -> Dossiers:
    return Dossiers(filled)


def _all(connection: psycopg.Connection, statement: str, *values: object) -> list:
    with connection.cursor(row_factory=namedtuple_row) as cursor:
        return cursor.execute(statement, values or None).fetchall()


def _one_decimal(numerator: int, denominator: int, places: int = 1) -> Decimal:
    """Percent, half up."""
    shifted = Fraction(100 * 10**places * numerator, denominator)
    return Decimal(math.floor(shifted + Fraction(1, 2))).scaleb(-places)


def test_the_page_shows_what_comes_out(filled: psycopg.Connection) -> None:
    assert answered(TEXT, asking(filled)) == TEXT, "run `make cookbook`"


@pytest.mark.parametrize("number", QUESTIONS)
def test_every_question_has_an_answer(ask: Ask, number: int) -> None:
    assert ask(number)


@pytest.mark.parametrize(
    "question", [question for question in QUESTIONS.values() if question.is_for_unit_reader]
)
def test_questions_about_dossiers_are_not_for_everyone(
    filled: psycopg.Connection, question: Question
) -> None:
    with pytest.raises(psycopg.errors.InsufficientPrivilege, match="fct_dossier"):
        run(filled, question.sql, BI_READER)


def test_the_dictionary_tells_of_this_warehouse(filled: psycopg.Connection) -> None:
    relations = dict(told_relations(DICTIONARY.read_text(encoding="utf-8")))
    present = filled.execute(
        "select oid::regclass::text from pg_class "
        "where relnamespace in ('marts'::regnamespace, 'published'::regnamespace) "
        "and relkind in ('r', 'v', 'm', 'p')"
    ).fetchall()
    assert {row[0] for row in present} == relations.keys()
    for name, told in relations.items():
        columns = filled.execute(
            "select attname, format_type(atttypid, atttypmod) from pg_attribute "
            "where attrelid = %s::regclass and attnum > 0 and not attisdropped",
            [name],
        ).fetchall()
        types = {column: LONG_NAMES.get(type_, type_) for column, type_ in told.types.items()}
        assert dict(columns) == types, name
        key = ", ".join(told.key)
        counted = filled.execute(
            f"select count(*), count(distinct ({key})), "
            f"count(*) filter (where num_nulls({key}) > 0) from {name}"
        ).fetchone()
        assert counted is not None
        assert counted == (counted[0], counted[0], 0), name


def test_1_shortfalls_are_those_of_the_dossiers(ask: Ask, dossiers: Dossiers) -> None:
    expected = {}
    for unit, resolved in dossiers.resolved_by_unit(AUGUST).items():
        online = sum(dossier.is_online_by(AUGUST) for dossier in resolved)
        if missing := max(0, -(-7 * len(resolved) // 10) - online):
            percent = _one_decimal(online, len(resolved))
            expected[unit] = (online, len(resolved), percent, missing)
    found = {row["unit_code"]: tuple(row.values())[2:] for row in ask(1)}
    assert found == expected


def test_2_one_cause_alone_would_do(ask: Ask, dossiers: Dossiers) -> None:
    expected = {}
    for unit, resolved in dossiers.resolved_by_unit(AUGUST).items():
        causes = [dossier.causes(AUGUST) for dossier in resolved]
        missing = -(-7 * len(resolved) // 10) - sum(not failing for failing in causes)
        alone = Counter(next(iter(failing)) for failing in causes if len(failing) == 1)
        for cause, failing_only in alone.items():
            if failing_only >= missing > 0:
                expected[unit, cause] = (failing_only, missing)
    found = {
        (row["unit_code"], row["cause"]): (row["dossiers_failing_only"], row["shortfall"])
        for row in ask(2)
    }
    assert found == expected


def test_3_fields_share_the_misses(ask: Ask, dossiers: Dossiers) -> None:
    by_field: defaultdict[str, list[Dossier]] = defaultdict(list)
    for dossier in dossiers.resolved(AUGUST):
        by_field[dossier.field_code].append(dossier)
    expected = {
        field: (len(those), sum(not dossier.is_online_by(AUGUST) for dossier in those))
        for field, those in by_field.items()
    }
    rows = ask(3)
    assert {row["field_code"]: (row["resolved"], row["not_online"]) for row in rows} == expected
    misses = sum(missed for _, missed in expected.values())
    for row in rows:
        assert row["percent_of_all_misses"] == _one_decimal(expected[row["field_code"]][1], misses)


def test_4_the_changes_sum_to_that_of_the_total(ask: Ask, filled: psycopg.Connection) -> None:
    totals = {
        row.period_month: row.total_score
        for row in _all(
            filled,
            "select period_month, total_score from marts.mart_monthly_score where unit_code = %s",
            "12238",
        )
    }
    change = totals[AUGUST] - totals[JULY]
    assert change < -20
    assert abs(sum(row["change_of_total"] for row in ask(4)) - change) < Decimal("0.05")


def _ranks(connection: psycopg.Connection, month: date) -> dict[str, int]:
    """Of the communes that are ranked, by the sums of their criteria."""
    scores: defaultdict[str, list] = defaultdict(list)
    for row in _all(
        connection,
        "select unit_code, score, max_points from marts.fct_criterion_score "
        "join marts.mart_monthly_score using (period_month, unit_code) "
        "where period_month = %s and mart_monthly_score.unit_type = 'commune' "
        "and ranking_status = 'ranked' and status = 'scored'",
        month,
    ):
        scores[row.unit_code].append((Fraction(row.score), Fraction(row.max_points)))
    totals = {
        unit: round(sum(points for points, _ in each) / sum(most for _, most in each), 12)
        for unit, each in scores.items()
    }
    return {unit: 1 + sum(t > total for t in totals.values()) for unit, total in totals.items()}


def test_5_ranks_moved_as_far(ask: Ask, filled: psycopg.Connection) -> None:
    before, now = _ranks(filled, JULY), _ranks(filled, AUGUST)
    expected = {unit: (before[unit], now[unit]) for unit in before.keys() & now.keys()}
    rows = ask(5)
    assert {row["unit_code"]: (row["previous_rank"], row["rank"]) for row in rows} == expected
    moves = [abs(row["places_won"]) for row in rows]
    assert moves == sorted(moves, reverse=True)


def test_6_late_data_changed_these_totals_alone(ask: Ask, filled: psycopg.Connection) -> None:
    first, second = (
        dict(
            filled.execute(
                "select unit_code, total_score from published.monthly_score where release_id = %s",
                [f"2025-08.r{revision}"],
            ).fetchall()
        )
        for revision in (1, 2)
    )
    expected = {
        f"unit_code={unit}": (round(first[unit], 2), round(second[unit], 2))
        for unit in first
        if first[unit] != second[unit]
    }
    assert {row["key"]: (row["old_score"], row["new_score"]) for row in ask(6)} == expected


@pytest.mark.parametrize(
    ("instant", "releases"),
    [
        ("2025-04-05 07:59", set()),
        ("2025-04-05 08:00", {"2025-03.r1"}),
        ("2025-09-05 09:00", {"2025-03.r1", "2025-07.r1", "2025-08.r1"}),
        (
            "2025-09-20 08:00",
            {"2025-03.r1", "2025-07.r1", "2025-08.r2", "2025-09.r2", "2025Q3.r1"},
        ),
    ],
)
def test_7_a_release_is_valid_from_its_instant_on(
    filled: psycopg.Connection, instant: str, releases: set[str]
) -> None:
    statement = QUESTIONS[7].sql
    assert "2025-09-17 12:00" in statement
    answer = run(filled, statement.replace("2025-09-17 12:00", instant), BI_READER)
    assert {row[1] for row in answer.rows} == releases


def test_8_late_and_open_dossiers_are_those_of_the_fact(ask: Ask, dossiers: Dossiers) -> None:
    late = {
        unit: sum(dossier.is_on_time is False for dossier in resolved)
        for unit, resolved in dossiers.resolved_by_unit(SEPTEMBER).items()
    }
    still_open = dossiers.open_by_unit(SEPTEMBER, CUTOFF)
    expected = {}
    for unit in (late.keys() | still_open.keys()) - {PROVINCE}:
        overdue = sum(d.due_at is not None and d.due_at < CUTOFF for d in still_open[unit])
        if late.get(unit, 0) + overdue:
            expected[unit] = (late.get(unit, 0), overdue, len(still_open[unit]))
    assert expected == {
        row["unit_code"]: (row["resolved_late"], row["open_overdue"], row["open_dossiers"])
        for row in ask(8)
    }


def test_9_late_dossiers_of_all_fields_are_the_balances(
    ask: Ask, filled: psycopg.Connection
) -> None:
    late = filled.execute(
        "select sum(resolved_late) from marts.mart_dossier_balance "
        "where unit_code = %s and period_month in (%s, %s)",
        [PROVINCE, JULY, AUGUST],
    ).fetchone()
    assert late == (sum(row["late"] for row in ask(9)),)


def test_10_the_year_counts_what_was_paid_later(ask: Ask, dossiers: Dossiers) -> None:
    expected = {}
    for month in (JULY, AUGUST, SEPTEMBER):
        year = [d for d in dossiers.all if d.resolved_month and d.resolved_month <= month]
        in_month = [d for d in year if d.resolved_month == month]
        expected[month] = tuple(
            f"{sum(d.is_online_by(month) for d in those)}/{len(those)}"
            for those in (in_month, year)
        )
    rows = ask(10)
    assert {row["period_month"]: (row["in_month"], row["in_year"]) for row in rows} == expected


def test_11_march_and_august_are_those_of_the_dossiers(ask: Ask, dossiers: Dossiers) -> None:
    march = dossiers.resolved_by_unit(MARCH)
    # The merger map as the sample's reference states it, commune by commune.
    district = {commune.code: commune.district_code for commune in reference.load().communes}
    august: defaultdict[str, list[Dossier]] = defaultdict(list)
    for unit, resolved in dossiers.resolved_by_unit(AUGUST).items():
        if unit in district:
            august[district[unit]] += resolved
    rows = ask(11)
    assert len(rows) == 18
    for row in rows:
        for column, those, month in (
            ("march", march[row["district_code"]], MARCH),
            ("august", august[row["district_code"]], AUGUST),
        ):
            online = sum(dossier.is_online_by(month) for dossier in those)
            assert row[column] == f"{online}/{len(those)}", (row, column)


def test_13_averages_are_over_the_provinces(ask: Ask, filled: psycopg.Connection) -> None:
    table = _all(
        filled, "select * from published.current_national_ranking where period_month = %s", AUGUST
    )
    assert len(table) == 34
    for row in ask(13):
        column = "total_score" if row["group_code"] == "total" else row["group_code"]
        points = {province.province_code: getattr(province, column) for province in table}
        assert row["ours"] == points[PROVINCE]
        mean = Fraction(sum(points.values())) / len(points)
        assert abs(Fraction(row["national_average"]) - mean) <= Fraction(1, 200)


def test_14_places_are_by_points(ask: Ask, filled: psycopg.Connection) -> None:
    points = sorted(
        (
            row.published_points
            for row in _all(
                filled,
                "select total_score as published_points from marts.mart_national_ranking "
                "where period_month = %s",
                AUGUST,
            )
        ),
        reverse=True,
    )
    rows = ask(14)
    assert [row["rank"] for row in rows] == [18, 19, 20, 21, 22]
    for row in rows:
        place = row["rank"] - 1
        assert row["points_to_next"] == points[place - 1] - points[place]
        assert row["points_to_first"] == points[0] - points[place]


def test_16_a_number_has_as_many_dossiers(ask: Ask) -> None:
    (unit,) = (row for row in ask(1) if row["unit_code"] == "13225")
    assert len(ask(16)) == unit["resolved"] - unit["end_to_end_online"] > 1


def test_18_points_lost_are_the_maxima_less_the_points(
    ask: Ask, filled: psycopg.Connection
) -> None:
    (score,) = _all(
        filled,
        "select applicable_max_points - raw_points as lost from marts.mart_monthly_score "
        "where period_month = %s and unit_code = %s",
        AUGUST,
        PROVINCE,
    )
    assert abs(sum(row["points_lost"] for row in ask(18)) - score.lost) < Decimal("0.2")


def test_19_no_count_of_fewer_than_five_is_shown(ask: Ask, filled: psycopg.Connection) -> None:
    counts = {
        row.unit_code: row
        for row in _all(
            filled,
            "select * from marts.mart_target_compliance where period_month = %s "
            "and field_code = '*' and basis = 'month' and metric_code = 'end_to_end_online'",
            AUGUST,
        )
    }
    rows = ask(19)
    assert len(rows) == 104
    for row in rows:
        whole = counts[row["unit_code"]]
        if row["withheld"]:
            assert (row["numerator"], row["denominator"], row["percent"]) == (None, None, None)
        else:
            assert (row["numerator"], row["denominator"]) == (whole.numerator, whole.denominator)
            assert whole.denominator not in range(1, 5)
        assert row["is_compliant"] == whole.is_compliant
    assert 0 < sum(row["withheld"] is None for row in rows) < 104


def test_20_the_quarter_is_that_of_the_balance(ask: Ask, filled: psycopg.Connection) -> None:
    resolved = {
        row.unit_type: (row.on_time, row.on_time + row.late)
        for row in _all(
            filled,
            "select unit_type, sum(resolved_early + resolved_on_the_day)::int as on_time, "
            "sum(resolved_late)::int as late from marts.mart_dossier_balance "
            "join published.current_unit using (period_month, unit_code) "
            "where period_month >= %s group by 1",
            JULY,
        )
    }
    rows = ask(20)
    assert [row["unit_type"] for row in rows] == ["commune", "department", "province"]
    for row in rows:
        on_time, all_resolved = resolved[row["unit_type"]]
        assert (row["on_time"], row["resolved"]) == (on_time, all_resolved)
        assert row["percent"] == _one_decimal(on_time, all_resolved, places=2)
