"""Corrections of a published month of the demonstration, and what must not be written again."""

from __future__ import annotations

import json
from pathlib import Path

import psycopg


def correct_one_percent_of_august(home: Path) -> int:
    """Drop a file into the inbox with corrections of every hundredth dossier received in August."""
    corrections = (
        {"DaXoa": "1"},
        {"DanhSachGiayToKetQua": []},
        {"HoSoCoThanhPhanSoHoa": "0", "NgayDongBoDVCQG": ""},
        {"KenhThucHien": "1", "CoBuocTrucTiep": "1"},
    )
    lines = []
    with (home / "sample" / "dossiers.jsonl").open("rb") as records:
        august = (line for line in records if b'"NgayTiepNhan":"202508' in line)
        for place, line in enumerate(list(august)[::100]):
            record = json.loads(line) | corrections[place % len(corrections)]
            lines.append(json.dumps(record | {"NgayCapNhat": "20250916080000"}))
    inbox = home / "inbox"
    inbox.mkdir(exist_ok=True)
    (inbox / "dossiers-corrections.jsonl").write_text("\n".join(lines), encoding="utf-8")
    return len(lines)


def writers_before_august(connection: psycopg.Connection) -> dict[str, object]:
    """Which transaction wrote each row of the months before August: another one, if rebuilt."""
    return {
        mart: connection.execute(
            "select array_agg(xmin::text order by ctid) "
            f"from {mart} where period_month < '2025-08-01'"
        ).fetchone()
        for mart in (
            "intermediate.int_measure__procedures_received",
            "intermediate.int_measure__dossiers_resolved",
            "marts.fct_measure",
            "marts.fct_criterion_score",
            "marts.mart_monthly_score",
            "marts.mart_dossier_balance",
            "marts.mart_target_compliance",
            "marts.mart_compliance_cause",
            "marts.mart_former_unit_score",
        )
    }
