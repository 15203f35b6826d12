"""The national results from the portal to the marts, beside our own score."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import ROUND_HALF_UP, Decimal
from fractions import Fraction

import pytest

from tests.integration.national_support import (
    COLUMN,
    JULY,
    MARCH,
    import_month,
    points_of,
    rows,
    serve,
    table,
)
from tests.pipeline import Pipeline, open_pipeline
from tests.warehouses import fresh_warehouse


@pytest.fixture(scope="module")
def scored(postgres_server: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Pipeline]:
    """March and July 2025 with their national results, scored once for all that only look."""
    home = tmp_path_factory.mktemp("national")
    with fresh_warehouse(postgres_server) as dsn:
        # The environment is put back before any other test of this module runs.
        with pytest.MonkeyPatch.context() as patch, serve() as serving:
            patch.setenv("AIRFLOW_CONN_NATIONAL_PORTAL", serving.national_portal_uri)
            opened = open_pipeline(patch, home, dsn, serving.connection_uri)
            opened.ingest("2025-03-01", "2025-08-01")
            assert import_month("2025-03")["loaded"] == 63
            assert import_month("2025-07")["loaded"] == 34
            opened.score("2025-03")
        yield opened


def test_both_regimes_stand_in_the_marts_as_the_portal_shows_them(scored: Pipeline) -> None:
    for month, count in ((MARCH, 63), (JULY, 34)):
        shown = table(f"{month:%Y-%m}")
        found = rows(
            scored,
            f"select rank, rank_out_of, total_score, {', '.join(list(COLUMN)[:-1])} "
            "from marts.mart_national_ranking where period_month = %s order by rank",
            month,
        )
        assert found == [
            (
                int(row["ROW_STT"]),
                count,
                points_of(row, "total"),
                *(points_of(row, group) for group in list(COLUMN)[:-1]),
            )
            for row in shown
        ]
        averages = rows(
            scored,
            "select group_code, average_score, province_count from marts.mart_national_average "
            "where period_month = %s",
            month,
        )
        assert {group for group, _, _ in averages} == set(COLUMN)
        for group, average, provinces in averages:
            assert provinces == count
            exact = sum((Fraction(points_of(row, group)) for row in shown), Fraction(0)) / count
            assert abs(Fraction(average) - exact) <= Fraction(1, 2 * 10**30)


def test_march_has_the_letters_ranks_and_averages(scored: Pipeline) -> None:
    ranks = rows(
        scored,
        "select rank, rank_out_of, rank_transparency, rank_timeliness, rank_online_service, "
        "rank_online_payment from marts.mart_national_ranking "
        "where period_month = %s and province_code = '33'",
        MARCH,
    )
    assert ranks == [(28, 63, 26, 6, 21, 52)]
    averages = rows(
        scored,
        "select group_code, round(average_score, 1), max_points from marts.mart_national_average "
        "where period_month = %s and group_code <> 'total'",
        MARCH,
    )
    assert sorted((group, str(average), int(points)) for group, average, points in averages) == [
        ("digitisation", "14.6", 22),
        ("online_payment", "5.2", 10),
        ("online_service", "6.2", 12),
        ("satisfaction", "17.5", 18),
        ("timeliness", "17.6", 20),
        ("transparency", "9.9", 18),
    ]


def test_our_own_score_stands_beside_the_published_one(scored: Pipeline) -> None:
    ((raw_points, total),) = rows(
        scored,
        "select raw_points, total_score from marts.mart_monthly_score "
        "where period_month = %s and unit_code = '33'",
        MARCH,
    )
    others = [points_of(row, "total") for row in table("2025-03") if row["TEN"] != "Tỉnh Hưng Yên"]
    own = total.quantize(Decimal("0.01"), ROUND_HALF_UP)
    assert own not in {Decimal("73.04"), Decimal(0), Decimal(100)}
    assert rows(
        scored,
        "select province_code, computed_rank from marts.mart_national_ranking "
        "where period_month = %s and computed_rank is not null",
        MARCH,
    ) == [("33", 1 + sum(other > own for other in others))]

    (published,) = (row for row in table("2025-03") if row["TEN"] == "Tỉnh Hưng Yên")
    reconciled = rows(
        scored,
        "select group_code, computed_points, published_points, difference, province_code "
        "from marts.mart_score_reconciliation where period_month = %s",
        MARCH,
    )
    assert {row[0] for row in reconciled} == set(COLUMN)
    for group, computed, shown, difference, province in reconciled:
        assert province == "33"
        assert shown == points_of(published, group)
        assert Fraction(difference) == Fraction(computed) - Fraction(shown)
    points = {row[0]: Fraction(row[1]) for row in reconciled}
    assert points["total"] == raw_points == sum(points.values()) - points["total"]
    # Two of three dossiers were resolved on time: 20 × 2/3.
    assert abs(points["timeliness"] - Fraction(40, 3)) <= Fraction(1, 10**29)


def test_freshness_tells_of_the_portal_too(scored: Pipeline) -> None:
    assert rows(
        scored,
        "select loaded_until, last_batch_at = (select max(landed_at) from ops.batch "
        "where feed = 'national_scores'), records_in_quarantine from marts.mart_freshness "
        "where feed = 'national_scores'",
    ) == [(None, True, 0)]
