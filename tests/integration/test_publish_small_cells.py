"""Shares with fewer than five people behind them stay private, also by subtraction."""

from __future__ import annotations

import itertools
from typing import Any

import psycopg
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

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
            "(%s, 'month', 'end_to_end_online', %s, %s, %s, %s, %s / nullif(%s, 0)::numeric, 0.7, "
            "false, 1)",
            [MARCH, unit, field, numerator, denominator, numerator, denominator],
        )


def shown(connection: psycopg.Connection, view: str, key: str) -> dict[Any, Any]:
    found = connection.execute(
        f"select release_id, {key}, numerator, denominator, rate, withheld from published.{view}"
    ).fetchall()
    connection.commit()
    return {(row[0], *row[1:-4]): row[-4:] for row in found}


def is_small(*numbers: int) -> bool:
    return any(0 < abs(number) < 5 for number in numbers)


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
                is_small(numerator - n, denominator - d) for _, (n, d) in cells[:index]
            )
            hidden = is_small(denominator) or (is_close and denominator > 0)
            assert cell[3] == ("n<5" if hidden else None)
            assert cell[:2] == ((None, None) if hidden else (numerator, denominator))
            assert hidden is False or cell[2] is None
        if unit != "H31":
            seen = [cell for cell, _ in cells if cell[3] is None and cell[1]]
            for one, other in itertools.combinations(seen, 2):
                assert not is_small(one[1] - other[1], one[0] - other[0])


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


@settings(
    max_examples=20,
    derandomize=True,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(fields=st.fixed_dictionaries({field: fraction() for field in FIELDS}))
def test_a_field_cannot_be_had_by_subtracting_the_others_from_the_total(march, fields) -> None:
    with march.transaction(force_rollback=True):
        count_fields(march, "H31.001", fields)
        # As a release would hold them, without the revisions that add their own rule.
        march.execute(
            "insert into published.release_record (release_id, kind, period, province_code, "
            "revision, created_at, catalogue_version, content_sha256, code_revision, is_sample) "
            "values ('2025-03.r1', 'monthly', '2025-03', 'H31', 1, now(), 'v', repeat('0', 64), "
            "'c', true)"
        )
        march.execute(
            "insert into published.target_compliance select '2025-03.r1', * "
            "from marts.mart_target_compliance where unit_code = 'H31.001'"
        )
        public = {
            row[0]: row[1:]
            for row in march.execute(
                "select field_code, denominator, withheld, is_compliant "
                "from published.public_target_compliance"
            )
        }
    total = sum(denominator for _, denominator in fields.values())
    assert public["*"][0] == (None if is_small(total) else total)
    assert public["*"][2] is False, "whether a unit meets its target is official"
    hidden = [field for field in FIELDS if public[field][1]]
    for field in FIELDS:
        assert (public[field][0] is None) == (field in hidden)
        assert public[field][2] is (None if field in hidden else False)
        if is_small(fields[field][1]):
            assert field in hidden
    rest = sum(fields[field][1] for field in hidden)
    assert not is_small(rest) or is_small(total)
    needed = [field for field in FIELDS if is_small(fields[field][1])]
    assert len(hidden) <= len(needed) + 1, "nothing is withheld without need"
    if not needed:
        assert hidden == []


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
    causes = march.execute(
        "select dossiers_failing, dossiers_failing_only from published.public_compliance_cause "
        "where withheld is null"
    ).fetchall()
    assert causes
    assert all(not is_small(*row) for row in causes)
