"""Shares with fewer than five people behind them stay private, also by subtraction."""

from __future__ import annotations

import itertools
from decimal import Decimal
from typing import Any

import psycopg
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from service_index.publishing import earlier_months
from tests.integration.publish_marts import MARCH, fill_march, publish

UNITS = ("H31.001", "H31.002", "H31.003", "H31")
FIELDS = ("dat-dai", "ho-tich", "y-te")
# Many counts near the threshold, and some far away.
COUNTS = st.one_of(st.integers(0, 14), st.integers(50, 60))


@pytest.fixture
def march(warehouse: psycopg.Connection) -> psycopg.Connection:
    fill_march(warehouse, communes=3)
    return warehouse


def count_criteria(connection: psycopg.Connection, cells: dict[tuple[str, str], Any]) -> None:
    for (unit, criterion), (numerator, denominator) in cells.items():
        connection.execute(
            """
            update marts.fct_criterion_score set
                numerator = %(n)s, denominator = %(d)s, rate = %(n)s / nullif(%(d)s, 0)::numeric,
                score = max_points * %(n)s / nullif(%(d)s, 0)::numeric
            where unit_code = %(unit)s and criterion_code = %(criterion)s
            """,
            {"n": numerator, "d": denominator, "unit": unit, "criterion": criterion},
        )


def count_fields(connection: psycopg.Connection, unit: str, fields: dict[str, Any]) -> None:
    connection.execute("delete from marts.mart_target_compliance where unit_code = %s", [unit])
    total = [sum(parts) for parts in zip(*fields.values(), strict=True)]
    for field, (numerator, denominator) in [*fields.items(), ("*", total)]:
        connection.execute(
            "insert into marts.mart_target_compliance values "
            "(%s, 'month', 'end_to_end_online', %s, %s, %s, %s, %s / nullif(%s, 0)::numeric, %s, "
            "false, 1)",
            [
                MARCH,
                unit,
                field,
                numerator,
                denominator,
                numerator,
                denominator,
                Decimal("0.7") if field in {"*", "ho-tich"} else None,
            ],
        )


def shown(connection: psycopg.Connection, view: str, key: str) -> dict[Any, Any]:
    found = connection.execute(
        f"select release_id, {key}, numerator, denominator, rate, withheld from published.{view}"
    ).fetchall()
    connection.commit()
    return {(row[0], *row[1:-4]): row[-4:] for row in found}


def is_small(*numbers: int) -> bool:
    return any(0 < abs(number) < 5 for number in numbers)


def tells(now: tuple[int, int], then: tuple[int, int]) -> bool:
    """Whether two revisions of a share tell of one to four people, by their difference."""
    more, better = now[1] - then[1], now[0] - then[0]
    return is_small(more) or (more == 0 and is_small(better))


def fraction() -> st.SearchStrategy[tuple[int, int]]:
    return st.tuples(COUNTS, COUNTS).map(lambda pair: (min(pair), max(pair)))


@settings(
    max_examples=15,
    derandomize=True,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(
    revisions=st.lists(
        st.fixed_dictionaries({(unit, "05"): fraction() for unit in UNITS}), min_size=2, max_size=4
    )
)
def test_no_two_revisions_tell_of_fewer_than_five(march, revisions) -> None:
    march.rollback()
    before = march.execute("select count(*) from published.release_record").fetchone()
    assert before is not None
    first = before[0]
    truth: list[Any] = []
    for cells in revisions:
        count_criteria(march, cells)
        march.commit()
        result = publish(march)
        if result.is_new:
            truth.append((result.release_id, cells))
    public = shown(march, "public_criterion_score", "unit_code, criterion_code")
    every = march.execute(
        "select release_id, unit_code, numerator, denominator from published.criterion_score "
        "where criterion_code = '05' order by release_id"
    ).fetchall()
    march.commit()
    exact = {(release, unit): (n, d) for release, unit, n, d in every}
    releases = sorted({release for release, _ in exact}, key=lambda name: int(name.split(".r")[1]))
    assert len(releases) == first + len(truth)
    for unit in UNITS:
        cells = [(public[name, unit, "05"], exact[name, unit]) for name in releases]
        for index, (cell, (numerator, denominator)) in enumerate(cells):
            is_close = unit != "H31" and any(
                tells((numerator, denominator), then) for _, then in cells[:index]
            )
            hidden = is_small(denominator) or (is_close and denominator > 0)
            assert cell[3] == ("n<5" if hidden else None)
            assert cell[:2] == ((None, None) if hidden else (numerator, denominator))
            assert hidden is False or cell[2] is None
        if unit != "H31":
            seen = [cell[:2] for cell, _ in cells if cell[3] is None and cell[1]]
            for one, other in itertools.combinations(seen, 2):
                assert not tells(one, other)


def test_procedures_are_nobody(march) -> None:
    """Criterion 07 counts procedures: two of three of them are no people."""
    count_criteria(march, {("H31.001", "07"): (2, 3), ("H31.001", "08"): (2, 3)})
    march.commit()
    publish(march)
    public = shown(march, "public_criterion_score", "unit_code, criterion_code")
    assert public["2025-03.r1", "H31.001", "07"][:2] == (2, 3)
    assert public["2025-03.r1", "H31.001", "08"] == (None, None, None, "n<5")
    score = march.execute(
        "select score, status from published.public_criterion_score "
        "where unit_code = 'H31.001' and criterion_code = '08'"
    ).fetchone()
    assert score is not None
    assert (round(score[0], 3), score[1]) == (4, "scored"), "an official score is not withheld"


def of_release(
    connection: psycopg.Connection, release_id: str, created_at: str
) -> dict[tuple[str, str], tuple[object, ...]]:
    """What the public sees of H31.001 in a release with the marts' rows, by basis and field."""
    period, revision = release_id.split(".r")
    connection.execute(
        "insert into published.release_record (release_id, kind, period, province_code, "
        "revision, created_at, catalogue_version, content_sha256, code_revision, is_sample) "
        "values (%s, 'monthly', %s, 'H31', %s, %s, 'v', repeat('0', 64), 'c', true)",
        [release_id, period, int(revision), created_at],
    )
    earlier_months.keep(connection, release_id)
    connection.execute(
        "insert into published.release_status (release_id, status, data_cutoff, recorded_at) "
        "values (%(id)s, 'final', %(at)s, %(at)s)",
        {"id": release_id, "at": created_at},
    )
    connection.execute(
        "insert into published.release_pointer (kind, period, release_id, pointed_at) "
        "values ('monthly', %s, %s, %s)",
        [period, release_id, created_at],
    )
    connection.execute(
        "insert into published.target_compliance select %s, * "
        "from marts.mart_target_compliance where unit_code = 'H31.001'",
        [release_id],
    )
    return {
        (row[0], row[1]): row[2:]
        for row in connection.execute(
            "select basis, field_code, numerator, denominator, rate, withheld, is_compliant "
            "from published.public_target_compliance where release_id = %s",
            [release_id],
        )
    }


@settings(
    max_examples=20,
    derandomize=True,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(fields=st.fixed_dictionaries({field: fraction() for field in FIELDS}))
def test_counts_are_shown_of_all_fields_and_of_those_with_a_target(march, fields) -> None:
    with march.transaction(force_rollback=True):
        count_fields(march, "H31.001", fields)
        public = of_release(march, "2025-03.r1", "2025-04-02")
    total = sum(denominator for _, denominator in fields.values())
    for field in ("dat-dai", "y-te"):
        numerator, denominator = fields[field]
        hidden = is_small(denominator)
        rate = None
        if denominator and not hidden:
            # Half up, in exact whole numbers.
            rate = Decimal((200 * numerator + denominator) // (2 * denominator)) / 100
        assert public["month", field][:4] == (None, None, rate, "n<5" if hidden else None)
    numerator, denominator = fields["ho-tich"]
    hidden = is_small(denominator, total - denominator)
    shown_counts = (None, None) if hidden else (numerator, denominator)
    assert public["month", "ho-tich"][:2] == shown_counts
    assert public["month", "ho-tich"][4] is (None if hidden else False)
    assert public["month", "*"][1] == (None if is_small(total) else total)
    assert public["month", "*"][4] is False, "whether a unit meets its target is official"


@pytest.mark.parametrize(
    ("january", "february", "is_withheld"),
    [
        ((20, 30), (2, 3), True),  # the year less January is February
        ((2, 3), (20, 30), True),
        ((2, 3), (2, 4), False),  # both months are withheld, and seven are no few
        ((20, 30), (20, 30), False),
        ((0, 0), (2, 3), True),
    ],
)
def test_a_year_does_not_give_away_the_months_that_are_withheld(
    march, january, february, is_withheld
) -> None:
    year = tuple(map(sum, zip(january, february, strict=True)))
    with march.transaction(force_rollback=True):
        for release_id, created_at, month, to_date in (
            ("2025-01.r1", "2025-02-02", january, january),
            ("2025-02.r1", "2025-03-02", february, year),
        ):
            march.execute("delete from marts.mart_target_compliance")
            for basis, (numerator, denominator) in (("month", month), ("year_to_date", to_date)):
                march.execute(
                    "insert into marts.mart_target_compliance values (%s, %s, "
                    "'end_to_end_online', 'H31.001', '*', %s, %s, 0.5, 0.7, false, 1)",
                    [MARCH, basis, numerator, denominator],
                )
            public = of_release(march, release_id, created_at)
    assert public["month", "*"][1] == (None if is_small(february[1]) else february[1])
    assert public["year_to_date", "*"][1] == (None if is_withheld else year[1])


def test_the_change_log_gives_nothing_away(march) -> None:
    cells = {("H31.001", "05"): (3, 4), ("H31.002", "05"): (60, 80), ("H31.003", "05"): (60, 80)}
    count_criteria(march, cells)
    march.commit()
    publish(march)
    cells = {("H31.001", "05"): (8, 9), ("H31.002", "05"): (60, 92), ("H31.003", "05"): (60, 82)}
    count_criteria(march, cells)
    march.commit()
    publish(march)
    found = march.execute(
        "select key, column_name, old_value, new_value, withheld from published.public_change "
        "where relation = 'criterion_score' and column_name in ('denominator', 'score') order by 1"
    ).fetchall()
    logged = {(row[0][10:17], row[1]): row[2:] for row in found}
    assert logged["H31.001", "denominator"] == (None, None, "n<5"), "it was of fewer than five"
    assert logged["H31.002", "denominator"] == ("80", "92", None)
    assert logged["H31.003", "denominator"] == (None, None, "n<5"), "two more, by subtraction"
    assert all(row[2] is None for key, row in logged.items() if key[1] == "score")
    march.commit()


def test_causes_are_withheld_with_the_dossiers_they_are_of(march) -> None:
    count_fields(march, "H31.001", {"ho-tich": (1, 3)})
    march.commit()
    publish(march)
    query = (
        "select count(*) filter (where withheld = 'n<5'), count(dossiers_failing), count(*) "
        "from published.public_compliance_cause where release_id = %s and unit_code = %s"
    )
    assert march.execute(query, ["2025-03.r1", "H31.001"]).fetchone() == (5, 0, 5)
    assert march.execute(query, ["2025-03.r1", "H31.002"]).fetchone() == (0, 5, 5)
    # The same dossiers, of which two fail otherwise than before.
    march.execute(
        "update marts.mart_compliance_cause set dossiers_failing = dossiers_failing + 2 "
        "where unit_code = 'H31.002' and cause = 'not_paid_online'"
    )
    march.commit()
    assert publish(march).release_id == "2025-03.r2"
    assert march.execute(query, ["2025-03.r2", "H31.002"]).fetchone() == (1, 4, 5)


def test_a_field_without_counts_has_no_counts_in_the_change_log(march) -> None:
    march.execute(
        "update marts.mart_target_compliance set target_rate = null where field_code = 'ho-tich'"
    )
    march.commit()
    publish(march)
    march.execute(
        "update marts.mart_target_compliance set numerator = numerator - 7, rate = rate - 0.1 "
        "where unit_code = 'H31.002'"
    )
    march.commit()
    publish(march)
    found = march.execute(
        "select distinct key, column_name from published.public_change "
        "where relation = 'target_compliance' order by 1, 2"
    ).fetchall()
    assert found
    assert not any("field_code=ho-tich" in key for key, _ in found)
