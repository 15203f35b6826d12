"""A portal with the national results, the records beside it, and what an import makes of them."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

from service_index.orchestration import national, stages
from simulator import national_scores
from simulator.server import SampleSource
from tests.pipeline import Pipeline

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


def table(month: str) -> list[dict[str, str]]:
    return [dict(row) for row in national_scores.rows_by_month()[month]]


def points_of(row: dict[str, str], group: str) -> Decimal:
    return Decimal(row[COLUMN[group]].replace(",", "."))


def serve() -> Portal:
    records = {"units": [PROVINCE, COMMUNE], "procedures": [PROCEDURE], "dossiers": DOSSIERS}
    return Portal.from_records(records, national=national_scores.rows_by_month())


def import_month(month: str, *, skip_landed: bool = False) -> dict[str, int]:
    """What the tasks of import_national do."""
    national.land(month, skip_landed=skip_landed, required=False)
    counts = national.load(month)
    stages.gate_batches()
    return counts


def rows(pipeline: Pipeline, query: str, *parameters: Any) -> list[tuple[Any, ...]]:
    with pipeline.connect() as connection:
        return connection.execute(query, parameters).fetchall()
