"""The form as the small sample's records make it: by the marts, and by a plain count of them."""

from __future__ import annotations

import csv
from pathlib import Path
from typing import Any

from tests.integration.simulator_figures import Period, PeriodFigures, read_units, records
from tests.pipeline import Pipeline

PROVINCE = "33"


def enter(path: Path, *lines: list[Any]) -> None:
    """Append lines to a seed file, as a clerk does."""
    with path.open("a", encoding="utf-8", newline="") as file:
        csv.writer(file, lineterminator="\n").writerows(lines)


def form(pipeline: Pipeline, period: str = "2025Q3") -> dict[str, tuple[Any, ...]]:
    with pipeline.connect() as connection:
        return {
            row[0]: row[1:]
            for row in connection.execute(
                "select row_code, value, printed_value, origin from marts.mart_statistical_form "
                "where period = %s and province_code = %s",
                [period, PROVINCE],
            )
        }


def verdicts(pipeline: Pipeline, period: str = "2025Q3") -> dict[str, bool | None]:
    with pipeline.connect() as connection:
        return dict(
            connection.execute(
                "select identity, holds from marts.mart_form_check "
                "where period = %s and province_code = %s",
                [period, PROVINCE],
            ).fetchall()
        )


def balance(pipeline: Pipeline, period: str = "2025Q3") -> dict[str, int]:
    with pipeline.connect() as connection:
        return dict(
            connection.execute(
                "select figure_code, value from intermediate.int_form_figure "
                "where period = %s and province_code = %s",
                [period, PROVINCE],
            ).fetchall()
        )


def expected_rows(sample: Path, counted: PeriodFigures, period: Period) -> dict[str, int]:
    """The counts of the form by the plain count of the records."""
    counts = counted.counts
    petitions = _petitions(sample, period)
    return {
        "3.1.1": counts["resolved, so"] + counts["resolved, nganh_doc"],
        "3.1.2": counts["resolved, so, on time"] + counts["resolved, nganh_doc, on time"],
        "3.2.1": counts["resolved, xa"] + counts["resolved, huyen"],
        "3.2.2": counts["resolved, xa, on time"] + counts["resolved, huyen, on time"],
        "3.3.1": len(petitions),
        "3.3.2": sum(bool(answered) and answered < period.end for answered in petitions),
        "DVC.3.3.1": counts["received, level 4"],
        "DVC.3.3.2": counts["received online, level 4"],
        "DVC.3.4.1": counts["received, level 3"],
        "DVC.3.4.2": counts["received online, level 3"],
    } | _procedures(sample, period)


def _petitions(sample: Path, period: Period) -> list[str]:
    """When each petition about regulations of the period was answered, "" for not at all."""
    return [
        petition["NgayTraLoi"]
        for petition in records(sample, "petitions")
        if petition["DaXoa"] != "1"
        and petition["TrangThai"] != "4"
        and petition["LoaiPAKN"] in ("1", "")
        and period.holds(petition["NgayTiepNhan"])
    ]


def _procedures(sample: Path, period: Period) -> dict[str, int]:
    units = read_units(sample)
    active = [
        row
        for row in records(sample, "procedures")
        if row["TrangThai"] == "1"
        and row["HieuLucTu"] <= period.last_day <= (row["HieuLucDen"] or "99999999")
        and units.of_province(row["MaDonVi"], period, PROVINCE)
    ]

    def codes(rows: list[dict[str, Any]]) -> set[str]:
        return {row["MaTTHC"] for row in rows}

    fee = codes([row for row in active if row["CoPhi"] == "1"])
    return {
        "1.4": len(codes(active)),
        "1.4.1": len(codes([row for row in active if row["CapThucHien"] == "tinh"])),
        "1.4.2": len(codes([row for row in active if row["CapThucHien"] == "xa"])),
        "DVC.3.1.2": len(codes([row for row in active if row["MucDo"] == "4"])),
        "DVC.3.5.1": len(fee),
        "DVC.3.5.2": len(fee & codes([row for row in active if row["TichHopThanhToanQG"] == "1"])),
    }
