"""Marts of one month as known at an instant begin with its year, and are those of all history."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime
from typing import Any

import pytest
from late_batch import PROCEDURE, UNITS

from service_index.orchestration import as_of, stages
from service_index.publishing import content
from service_index.publishing.subject import of_form, of_month
from simulator.server import SampleSource
from tests.pipeline import open_pipeline
from tests.warehouses import fresh_warehouse

MONTHS = (
    "2024-07", "2024-08", "2024-09", "2024-10", "2024-11", "2024-12", "2025-01", "2025-02",
    "2025-03",
)  # fmt: skip


def dossier(key: str, received: str, resolved: str | None, unit: str) -> dict[str, Any]:
    """Received at noon of a day, due on the 28th, resolved at noon of another day or open."""
    return {
        "MaHoSo": key, "MaTTHC": "1.000001", "MaDonVi": unit, "KenhThucHien": "2",
        "NgayTiepNhan": f"{received}120000", "NgayHenTra": f"{received[:6]}28170000",
        "TrangThaiHoSo": "10" if resolved else "4", "NgayCapNhat": f"{resolved or received}120000",
        **({"NgayKetThucXuLy": f"{resolved}120000"} if resolved else {}),
    }  # fmt: skip


# Of every month some that end in it, in the next one, in the last one, and never.
DOSSIERS = [
    dossier(f"{month}-{number}", f"{month.replace('-', '')}{number:02}", resolved, unit)
    for month, after in zip(MONTHS, (*MONTHS[1:], None), strict=True)
    for number in range(1, 25)
    for unit in ("X1" if number % 3 else "X2",)
    for resolved in (
        f"{month.replace('-', '')}27",
        f"{after.replace('-', '')}05" if after else None,
        "20250326",
        None,
    )[number % 4 : number % 4 + 1]
]


# What is judged of the deliveries, of the months that are there.
DIFFERING = """
    with known as (select * from as_of_intermediate.{model}),
    live as (select * from intermediate.{model} where period_month >= %(since)s)
    (table known except all table live) union all (table live except all table known)
"""
RATINGS = [
    {"MaDanhGia": f"R{record['MaHoSo']}", "MaHoSo": record["MaHoSo"], "MaDonVi": record["MaDonVi"],
     "DanhGia": "RHL", "ThoiGianDanhGia": record["NgayKetThucXuLy"],
     "NgayCapNhat": record["NgayKetThucXuLy"]}
    for record in DOSSIERS if "NgayKetThucXuLy" in record
]  # fmt: skip


@pytest.fixture(scope="module")
def known_at(postgres_server: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[datetime]:
    """An instant at which nine months, over the turn of the year, were known and scored."""
    feeds = {
        "units": UNITS,
        "procedures": [PROCEDURE],
        "dossiers": DOSSIERS,
        "ratings": RATINGS,
    }
    with (
        pytest.MonkeyPatch.context() as patch,
        fresh_warehouse(postgres_server) as dsn,
        SampleSource.from_records(feeds) as source,
    ):
        home = tmp_path_factory.mktemp("as-of-span")
        pipeline = open_pipeline(patch, home, dsn, source.connection_uri)
        pipeline.ingest("2024-07-01", "2025-04-01")
        pipeline.score("2025-03")
        yield datetime.now(UTC)


@pytest.mark.parametrize(
    ("month", "first_month", "left_out"),
    [
        # January shows the rank of December, whose year to date begins with that year.
        (date(2025, 1, 1), date(2024, 1, 1), 0),
        # Those of the year before that were closed in it.
        (date(2025, 3, 1), date(2025, 1, 1), 6 * 6 + 5 * 6),
    ],
)
def test_a_month_is_what_all_history_makes_of_it(
    known_at: datetime, month: date, first_month: date, left_out: int
) -> None:
    since = as_of.first_month_of(month)
    assert since == first_month
    with stages.open_warehouse() as (connection, dsn, loaded):
        as_of.build(connection, dsn, loaded, known_at, month=month, since=since)
        for subject in (of_month(month), of_form("2025Q1")):
            live, then = (
                content.marts_sha256(connection, subject, marts) for marts in ("marts", as_of.MARTS)
            )
            assert then == live, subject
        for model in ("int_delivery_volume", "int_unit_silence"):
            differing = connection.execute(
                DIFFERING.format(model=model).encode(), {"since": since}
            ).fetchall()
            assert differing == [], model
        rows, marts_begin = connection.execute(
            "select (select count(*) from as_of_marts.fct_dossier), "
            "(select min(period_month) from as_of_marts.mart_monthly_score)"
        ).fetchone() or (None, None)
    assert rows == len(DOSSIERS) - left_out
    assert marts_begin == max(since, date(2024, 7, 1))
