"""Procedure rows of the generated provinces, as they change from one snapshot to the next."""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from datetime import datetime, timedelta
from random import Random

Json = dict[str, object]

PROCEDURES = (
    "1.001193",
    "1.004222",
    "2.000488",
    "2.000815",
    "2.000843",
    "2.001023",
    "3.000005",
)
ONLY_IN_PROVINCE_01 = "2.001023"
# Offered by the province itself, whatever else is drawn.
OF_THE_PROVINCE = {"1.004222": ("33",), "2.000488": ("34", "33")}
FIELDS = ("DATDAI", "TUPHAP", None)
SUFFIXES = ("", "", ".000.00.00.H99")
FLAGS = ("CoPhi", "TichHopThanhToanQG", "KetNoiCSDLDC", "DuNoiDung")
# On the edges of months, of the year and of the open month, and on neither side of a row.
STARTS = ("20200101", "20250331", "20250401", "20250601", "20250701", "20250815", "20250816", "")
ENDS = ("", "", None, "20250331", "20250430", "20250531", "20250701", "20250814", "20250815")
DEADLINES = (
    "20241231",
    "20250101",
    "20250228",
    "20250331",
    "20250401",
    "20250630",
    "20250701",
    "20250815",
    "20250816",
    "20251231",
    "20260101",
    "",
    None,
)
SPOILERS: tuple[Json, ...] = (
    {"MucDo": ""},
    {"MucDo": "5"},
    {"TrangThai": None},
    {"CoPhi": "2"},
    {"HanCongBo": "20250230"},
    {"HieuLucTu": "2025-01-01"},
)
# The target of civil status is set for the field's name, which sources write as they like.
CIVIL_STATUS_NAMES = (
    "Hộ tịch",
    unicodedata.normalize("NFD", "Hộ tịch"),
    " Hộ\u00a0tịch",
    "Tư pháp - Hộ tịch",
)


def procedure_snapshots(
    rng: Random, units: Sequence[str], strangers: Sequence[str], count: int, civil_status: str
) -> list[list[Json]]:
    """What so many snapshots serve of the rows of some units, and of units that stay unknown.

    A row changes, is spoilt, vanishes and comes back. It is not spoilt where it comes back: the
    contract does not say whether the earlier version stands then.
    """
    served: list[list[Json]] = [[] for _ in range(count)]
    for row in _rows(rng, units, strangers, civil_status):
        was_there = True
        for snapshot in served:
            if snapshot is not served[0]:
                row.update(_change(rng, row, civil_status))
            is_there = rng.random() >= (0.12 if was_there else 0.4)
            if is_there and was_there and rng.random() < 0.05:
                snapshot.append(row | rng.choice(SPOILERS))
            elif is_there:
                snapshot.append(dict(row))
            was_there = is_there
    for snapshot in served:
        rng.shuffle(snapshot)
    return served


def _rows(
    rng: Random, units: Sequence[str], strangers: Sequence[str], civil_status: str
) -> list[Json]:
    rows = []
    for procedure in PROCEDURES:
        own = {*rng.sample(units, rng.randint(3, 10)), *OF_THE_PROVINCE.get(procedure, ())}
        if procedure == ONLY_IN_PROVINCE_01:
            own = {"01.S1"}
        elif rng.random() < 0.3:
            own.add(rng.choice(strangers))
        rows += [_row(rng, procedure, unit, civil_status) for unit in sorted(own)]
    return rows


def _row(rng: Random, procedure: str, unit: str, civil_status: str) -> Json:
    row: Json = _field(rng, civil_status) | {
        "MaTTHC": procedure + rng.choice(SUFFIXES),
        "MaDonVi": unit,
        "TenTTHC": f"Thủ tục {procedure}",
        "CapThucHien": rng.choice(("tinh", "xa", "xa", None)),
        "MucDo": rng.choice("23344"),
        "TrangThai": rng.choice("1111110"),
        "HieuLucTu": rng.choice((*STARTS[:1] * 6, *STARTS)),
        "HieuLucDen": rng.choice((*ENDS[:1] * 6, *ENDS)),
    }
    for flag in FLAGS:
        row[flag] = rng.choice(("1", "1", "1", "1", "0", "", None))
    return row | _publication(rng) | _disclosure(rng)


def _field(rng: Random, civil_status: str) -> Json:
    field = rng.choice((*FIELDS, civil_status))
    name = rng.choice(CIVIL_STATUS_NAMES) if field == civil_status else None
    return {"MaLinhVuc": field, "TenLinhVuc": name}


def _publication(rng: Random) -> Json:
    deadline = rng.choice(DEADLINES)
    return {"HanCongBo": deadline, "NgayCongBo": _near(rng, deadline)}


def _disclosure(rng: Random) -> Json:
    deadline = rng.choice(DEADLINES)
    return {"HanCongKhai": deadline, "NgayCongKhai": _near(rng, deadline)}


def _near(rng: Random, deadline: str | None) -> str | None:
    """The day itself, the days around it, or nothing; without a deadline any day."""
    if rng.random() < 0.2:
        return rng.choice(("", None))
    day = datetime.strptime(deadline or "20250301", "%Y%m%d")  # noqa: DTZ007 - a date
    return f"{day + timedelta(days=rng.choice((-40, -1, 0, 0, 0, 1))):%Y%m%d}"


def _change(rng: Random, row: Json, civil_status: str) -> Json:
    """What is another in the next snapshot: mostly nothing."""
    if rng.random() < 0.6:
        return {}
    flag = rng.choice(FLAGS)
    code = ".".join(str(row["MaTTHC"]).split(".")[:2])
    changes: tuple[Json, ...] = (
        {"MucDo": rng.choice("234")},
        {flag: "0" if row[flag] == "1" else "1"},
        {"TrangThai": "0" if row["TrangThai"] == "1" else "1"},
        {"HieuLucTu": rng.choice(STARTS)},
        {"HieuLucDen": rng.choice(ENDS)},
        {"MaTTHC": code + rng.choice(SUFFIXES)},
        _field(rng, civil_status),
        _publication(rng),
        _disclosure(rng),
    )
    return rng.choice(changes)
