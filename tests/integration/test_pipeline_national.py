"""The national results on their whole way: from the portal to the marts, the release, the view."""

from __future__ import annotations

import io
from collections.abc import Iterator
from datetime import date
from decimal import ROUND_HALF_UP, Decimal
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console

from service_index.orchestration import national, progress, stages
from service_index.orchestration.stages import StageError
from service_index.publishing import terminal
from simulator import national_scores
from simulator.server import SampleSource
from tests.pipeline import Pipeline, open_pipeline
from tests.warehouses import fresh_warehouse

MARCH, JULY = date(2025, 3, 1), date(2025, 7, 1)
COLUMN = {
    "transparency": "CKMB",
    "timeliness": "TDGQ",
    "online_service": "CLGQ",
    "online_payment": "TTTT",
    "digitisation": "MDSH",
    "satisfaction": "MDHL",
    "total": "TONG_SCORE",
}
PROVINCE = {"MaDonVi": "33", "HieuLucTu": "20100101", "LoaiDonVi": "tinh", "MaTinh": "33"}
COMMUNE = {
    "MaDonVi": "X1", "HieuLucTu": "20100101", "LoaiDonVi": "xa", "MaTinh": "33",
    "MaDonViCha": "33",
}  # fmt: skip
PROCEDURE = {"MaTTHC": "1.000001", "MaDonVi": "X1", "MucDo": "4", "TrangThai": "1"}


def _resolved(number: int, finished: str) -> dict[str, str]:
    return {
        "MaHoSo": f"H{number}", "MaTTHC": "1.000001", "MaDonVi": "X1", "KenhThucHien": "2",
        "NgayTiepNhan": f"{finished[:6]}03080000", "NgayHenTra": f"{finished[:6]}10170000",
        "NgayKetThucXuLy": finished, "TrangThaiHoSo": "10", "NgayCapNhat": finished,
    }  # fmt: skip


# Two of three on time in March, one of one in July.
DOSSIERS = [
    _resolved(1, "20250305090000"),
    _resolved(2, "20250306090000"),
    _resolved(3, "20250320090000"),
    _resolved(4, "20250705090000"),
]


class Portal(SampleSource):
    """A sample source whose national rows can be exchanged."""

    def show(self, month: str, rows: list[dict[str, str]]) -> None:
        self._national = {**self._national, month: rows}


def _table(month: str) -> list[dict[str, str]]:
    return [dict(row) for row in national_scores.rows_by_month()[month]]


def _points(row: dict[str, str], group: str) -> Decimal:
    return Decimal(row[COLUMN[group]].replace(",", "."))


def _serve() -> Portal:
    records = {"units": [PROVINCE, COMMUNE], "procedures": [PROCEDURE], "dossiers": DOSSIERS}
    return Portal.from_records(records, national=national_scores.rows_by_month())


@pytest.fixture
def source() -> Iterator[Portal]:
    with _serve() as serving:
        yield serving


@pytest.fixture
def pipeline(
    source: Portal, warehouse_dsn: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Pipeline:
    opened = open_pipeline(monkeypatch, tmp_path, warehouse_dsn, source.connection_uri)
    opened.ingest("2025-03-01", "2025-08-01")
    return opened


@pytest.fixture
def portal(source: Portal, monkeypatch: pytest.MonkeyPatch) -> Portal:
    monkeypatch.setenv("AIRFLOW_CONN_NATIONAL_PORTAL", source.national_portal_uri)
    return source


@pytest.fixture
def said(monkeypatch: pytest.MonkeyPatch) -> io.StringIO:
    """What the stages tell, in lines as long as they are."""
    text = io.StringIO()
    monkeypatch.setattr(progress, "console", Console(file=text, soft_wrap=True))
    return text


@pytest.fixture(scope="module")
def scored(postgres_server: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Pipeline]:
    """March and July 2025 with their national results, scored once for all that only look."""
    home = tmp_path_factory.mktemp("national")
    with fresh_warehouse(postgres_server) as dsn:
        # The environment is put back before any other test of this module runs.
        with pytest.MonkeyPatch.context() as patch, _serve() as serving:
            patch.setenv("AIRFLOW_CONN_NATIONAL_PORTAL", serving.national_portal_uri)
            opened = open_pipeline(patch, home, dsn, serving.connection_uri)
            opened.ingest("2025-03-01", "2025-08-01")
            assert _import("2025-03")["loaded"] == 63
            assert _import("2025-07")["loaded"] == 34
            opened.score("2025-03")
        yield opened


def _import(month: str, *, skip_landed: bool = False) -> dict[str, int]:
    """What the tasks of import_national do."""
    national.land(month, skip_landed=skip_landed, required=False)
    counts = national.load(month)
    stages.gate_batches()
    return counts


def _rows(pipeline: Pipeline, query: str, *parameters: Any) -> list[tuple[Any, ...]]:
    with pipeline.connect() as connection:
        return connection.execute(query, parameters).fetchall()


def test_both_regimes_stand_in_the_marts_as_the_portal_shows_them(scored: Pipeline) -> None:
    for month, count in ((MARCH, 63), (JULY, 34)):
        shown = _table(f"{month:%Y-%m}")
        found = _rows(
            scored,
            f"select rank, rank_out_of, total_score, {', '.join(list(COLUMN)[:-1])} "
            "from marts.mart_national_ranking where period_month = %s order by rank",
            month,
        )
        assert found == [
            (
                int(row["ROW_STT"]),
                count,
                _points(row, "total"),
                *(_points(row, group) for group in list(COLUMN)[:-1]),
            )
            for row in shown
        ]
        averages = _rows(
            scored,
            "select group_code, average_score, province_count from marts.mart_national_average "
            "where period_month = %s",
            month,
        )
        assert {group for group, _, _ in averages} == set(COLUMN)
        for group, average, provinces in averages:
            assert provinces == count
            exact = sum(Fraction(_points(row, group)) for row in shown) / count
            assert abs(Fraction(average) - exact) <= Fraction(1, 2 * 10**30)


def test_march_has_the_letters_ranks_and_averages(scored: Pipeline) -> None:
    ranks = _rows(
        scored,
        "select rank, rank_out_of, rank_transparency, rank_timeliness, rank_online_service, "
        "rank_online_payment from marts.mart_national_ranking "
        "where period_month = %s and province_code = '33'",
        MARCH,
    )
    assert ranks == [(28, 63, 26, 6, 21, 52)]
    averages = _rows(
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
    ((raw_points, total),) = _rows(
        scored,
        "select raw_points, total_score from marts.mart_monthly_score "
        "where period_month = %s and unit_code = '33'",
        MARCH,
    )
    others = [_points(row, "total") for row in _table("2025-03") if row["TEN"] != "Tỉnh Hưng Yên"]
    own = total.quantize(Decimal("0.01"), ROUND_HALF_UP)
    assert own not in {Decimal("73.04"), Decimal(0), Decimal(100)}
    assert _rows(
        scored,
        "select province_code, computed_rank from marts.mart_national_ranking "
        "where period_month = %s and computed_rank is not null",
        MARCH,
    ) == [("33", 1 + sum(other > own for other in others))]

    (published,) = (row for row in _table("2025-03") if row["TEN"] == "Tỉnh Hưng Yên")
    reconciled = _rows(
        scored,
        "select group_code, computed_points, published_points, difference, province_code "
        "from marts.mart_score_reconciliation where period_month = %s",
        MARCH,
    )
    assert {row[0] for row in reconciled} == set(COLUMN)
    for group, computed, shown, difference, province in reconciled:
        assert province == "33"
        assert shown == _points(published, group)
        assert Fraction(difference) == Fraction(computed) - Fraction(shown)
    points = {row[0]: Fraction(row[1]) for row in reconciled}
    assert points["total"] == raw_points == sum(points.values()) - points["total"]
    # Two of three dossiers were resolved on time: 20 × 2/3.
    assert abs(points["timeliness"] - Fraction(40, 3)) <= Fraction(1, 10**29)


def test_freshness_tells_of_the_portal_too(scored: Pipeline) -> None:
    assert _rows(
        scored,
        "select loaded_until, last_batch_at = (select max(landed_at) from ops.batch "
        "where feed = 'national_scores'), records_in_quarantine from marts.mart_freshness "
        "where feed = 'national_scores'",
    ) == [(None, True, 0)]


def test_releases_go_on_without_national_results_and_take_them_in_once_they_are_there(
    source: Portal,
    pipeline: Pipeline,
    said: io.StringIO,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    assert _import("2025-03") == {"loaded": 0, "duplicates": 0, "quarantined": 0}
    monkeypatch.setenv("AIRFLOW_CONN_NATIONAL_PORTAL", source.national_portal_uri)
    assert _import("2025-02")["loaded"] == 0
    pipeline.score("2025-03")
    first = pipeline.publish("2025-03")
    assert (first["release_id"], first["is_new"]) == ("2025-03.r1", True)
    assert _rows(pipeline, "select count(*) from published.national_ranking") == [(0,)]
    assert not (
        pipeline.home / "releases" / "2025-03" / "r1" / "data" / "national_ranking.csv"
    ).exists()

    _import("2025-03")
    pipeline.score("2025-03")
    second = pipeline.publish("2025-03")
    assert second["release_id"] == "2025-03.r2"
    assert _rows(
        pipeline,
        "select count(*), count(*) filter (where province_code = '33' and rank = 28) "
        "from published.current_national_ranking",
    ) == [(63, 1)]
    text = (
        pipeline.home / "releases" / "2025-03" / "r2" / "data" / "national_ranking.csv"
    ).read_text()
    assert text.count("DỮ LIỆU MẪU") == 63
    console = Console(file=io.StringIO(), width=160, record=True)
    with pipeline.connect() as connection:
        terminal.show_month(connection, MARCH, pipeline.home / "releases", console)
    assert "Hạng toàn quốc (national rank): 28/63" in console.export_text()

    for line in (
        "no portal is set (AIRFLOW_CONN_NATIONAL_PORTAL)",
        "the portal has no rows for 2025-02",
        "landed: 63 provinces of 2025-03",
    ):
        assert line in said.getvalue()


def test_the_same_table_makes_nothing_new_and_another_one_a_revision_with_its_changes(
    portal: Portal, pipeline: Pipeline, said: io.StringIO
) -> None:
    _import("2025-03")
    pipeline.score("2025-03")
    assert pipeline.publish("2025-03")["release_id"] == "2025-03.r1"
    assert _import("2025-03") == {"loaded": 0, "duplicates": 63, "quarantined": 0}
    pipeline.score("2025-03")
    assert pipeline.publish("2025-03")["is_new"] is False
    changed = _table("2025-03")
    changed[0]["TONG_SCORE"] = "85,57"
    portal.show("2025-03", changed)
    assert _import("2025-03", skip_landed=True)["loaded"] == 0
    assert _import("2025-03")["loaded"] == 1
    pipeline.score("2025-03")
    assert pipeline.publish("2025-03")["release_id"] == "2025-03.r2"
    assert _rows(
        pipeline,
        "select relation, key, column_name, old_value, new_value from published.change "
        "where release_id = '2025-03.r2' order by relation",
    ) == [
        # 63 totals with one hundredth less in all.
        (
            "national_average",
            "group_code=total",
            "average_score",
            "70.99746031746031746031746031746",
            "70.997301587301587301587301587302",
        ),
        ("national_ranking", "province_code=64", "total_score", "85.58", "85.57"),
    ]
    assert "nothing new to fetch for 2025-03" in said.getvalue()


def test_a_wrong_mapping_stops_the_import_and_nothing_else(
    pipeline: Pipeline, portal: Portal
) -> None:
    swapped = [row | {"CLGQ": row["TTTT"], "TTTT": row["CLGQ"]} for row in _table("2025-03")]
    swapped[0]["TTTT"] = "11,2"
    portal.show("2025-03", swapped)
    with pytest.raises(StageError, match=r"column TTTT holds 11\.2, but online_payment"):
        _import("2025-03")
    assert _import("2025-07")["loaded"] == 34
    pipeline.score("2025-03")
    assert pipeline.publish("2025-03")["is_new"] is True
    assert _rows(pipeline, "select distinct period_month from marts.mart_national_ranking") == [
        (JULY,)
    ]


def test_a_month_that_was_released_before_its_national_results_is_released_again(
    pipeline: Pipeline, portal: Portal, said: io.StringIO
) -> None:
    """As by schedule: the month is published on the second day, its table imported on the fifth."""
    pipeline.score("2025-03")
    pipeline.publish("2025-03")
    nothing = {"release_id": None, "is_new": False}
    assert national.restate("2025-03", wanted=True) == nothing
    assert "no national results of 2025-03 are loaded" in said.getvalue()

    _import("2025-03")
    assert national.restate("2025-03", wanted=False) == nothing
    assert national.restate("2025-03", wanted=True)["release_id"] == "2025-03.r2"
    assert _rows(
        pipeline,
        "select reason, (select count(*) from published.current_national_ranking) "
        "from published.release where is_current",
    ) == [("late_data", 63)]

    # The same table again is the same numbers.
    _import("2025-03")
    again = national.restate("2025-03", wanted=True)
    assert (again["release_id"], again["is_new"]) == ("2025-03.r2", False)

    _import("2025-07")
    assert national.restate("2025-07", wanted=True) == nothing
    assert "2025-07 has no release yet" in said.getvalue()
    assert _rows(pipeline, "select count(*) from published.release") == [(2,)]


def test_an_import_that_was_asked_for_fails_where_there_is_nothing_to_import(
    source: Portal, pipeline: Pipeline, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(StageError, match="none for 2025-03, for no portal is set"):
        national.land("2025-03", skip_landed=False, required=True)
    monkeypatch.setenv("AIRFLOW_CONN_NATIONAL_PORTAL", source.national_portal_uri)
    with pytest.raises(StageError, match="the portal has no rows for 2025-02"):
        national.land("2025-02", skip_landed=False, required=True)
    landed = national.land("2025-03", skip_landed=True, required=True)
    assert landed == {"rows": 63}
    # Landed already is not missing.
    assert national.land("2025-03", skip_landed=True, required=True) == {"rows": 0}


def test_a_table_cut_short_is_taken_with_a_warning(
    pipeline: Pipeline, portal: Portal, said: io.StringIO
) -> None:
    """Before any scoring, when the warehouse has no catalogue yet."""
    warnings = (
        "select passed from ops.check join ops.gate_run using (gate_run_id) "
        "where check_name = 'provinces_are_all_there' order by gate_run_id"
    )
    portal.show("2025-03", _table("2025-03")[:40])
    assert _import("2025-03")["loaded"] == 40
    assert "23 provinces are missing in national_scores/" in said.getvalue()
    assert _rows(pipeline, warnings) == [(False,)]
    portal.show("2025-03", _table("2025-03"))
    assert _import("2025-03")["loaded"] == 23
    assert _rows(pipeline, warnings) == [(False,), (True,)]
    assert _rows(pipeline, "select distinct status from ops.batch") == [("passed",)]


def test_a_refused_table_is_told_of_and_holds_nothing_up(
    pipeline: Pipeline, portal: Portal, said: io.StringIO
) -> None:
    """Twenty rows and more that break the contract are a broken portal, not slips of the pen."""
    broken = _table("2025-03")
    for row in broken[:25]:
        row["TDGQ"] = "n/a"
    portal.show("2025-03", broken)
    with pytest.raises(StageError, match="rejected_share_is_tolerable"):
        _import("2025-03")
    told = "national results: the table of 2025-03 was refused by its gate and is not used"
    pipeline.score("2025-03")
    assert pipeline.publish("2025-03")["release_id"] == "2025-03.r1"
    assert said.getvalue().count(told) == 1
    assert _rows(pipeline, "select count(*) from marts.mart_national_ranking") == [(0,)]

    portal.show("2025-03", _table("2025-03"))
    assert _import("2025-03")["loaded"] == 63
    pipeline.score("2025-03")
    assert said.getvalue().count(told) == 1
    assert _rows(pipeline, "select count(*) from marts.mart_national_ranking") == [(63,)]
