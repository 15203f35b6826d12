"""Payments and ratings, which follow from dossiers, and the records that count nowhere."""

from collections.abc import Iterator

import numpy as np

from simulator.dossier_records import dossier_code
from simulator.draws import Draws, Flags, Floats, Ints
from simulator.handling import Fee, Handling
from simulator.lifecycle import Lifecycle
from simulator.plan import Plan
from simulator.population import MARCH_END, MARCH_START, NOW, QUARTER_START, Population
from simulator.reference import Procedure
from simulator.rhythm import DAY, HOUR, instant, stamp

# Version, key and content of a record that is small enough to be written as a dict.
Row = tuple[int, str, dict[str, str]]

_PAYMENT_FORMS = {
    Fee.PAID_ONLINE: ("truc-tuyen", "1", "Đã thanh toán"),
    Fee.PAID_ONLINE_LATER: ("truc-tuyen", "1", "Đã thanh toán"),
    Fee.REFUNDED: ("truc-tuyen", "1", "Đã hoàn phí"),
    Fee.PAID_ELSEWHERE_ONLINE: ("truc-tuyen", "0", "Đã thanh toán"),
    Fee.CASH: ("tien-mat", "0", "Đã thanh toán"),
    Fee.TRANSFER: ("chuyen-khoan", "0", "Đã thanh toán"),
    Fee.CANCELLED: ("truc-tuyen", "1", "Hủy thanh toán"),
    Fee.WAITING: ("truc-tuyen", "1", "Chờ thanh toán"),
}
SATISFIED, UNSATISFIED = ("RHL", "HL"), ("BT", "KHL", "RKHL")
# No record is older than the first period.
_EARLIEST = MARCH_START + 600


def payment_rows(
    population: Population,
    handling: Handling,
    numbers: Ints,
    procedures: tuple[Procedure, ...],
    draws: Draws,
) -> list[Row]:
    """One payment for every dossier whose fee was paid or is to be, and some failed attempts."""
    chosen = np.flatnonzero(np.isin(handling.fee, list(_PAYMENT_FORMS)))
    fee = handling.fee[chosen]
    happened = np.where(
        handling.paid_at[chosen] > 0, handling.paid_at[chosen], population.received[chosen]
    )
    waited = (HOUR * np.exp(1.0 * draws.normal(len(chosen)))).astype(np.int64)
    waited = waited + np.where(fee == Fee.REFUNDED, 3 * DAY, 0)
    version = np.clip(happened + waited, _EARLIEST, NOW - 1)
    tried_twice = draws.uniform(len(chosen)) < 0.015
    amounts = [procedure.fee for procedure in procedures]
    columns = (
        numbers[chosen],
        fee,
        population.procedure[chosen],
        stamp(handling.paid_at[chosen]),
        stamp(version),
        tried_twice,
    )
    rows: list[Row] = []
    for number, kind, procedure, paid_at, updated, twice in zip(
        *(column.tolist() for column in columns), strict=True
    ):
        code = dossier_code(number)
        form, through_portal, state = _PAYMENT_FORMS[kind]
        key = f"TT-{code[4:]}-2" if twice else f"TT-{code[4:]}-1"
        amount = amounts[procedure]
        rows.append(_payment(updated, key, code, form, through_portal, amount, state, paid_at))
        if twice:
            form, through_portal, state = _PAYMENT_FORMS[Fee.CANCELLED]
            key = f"TT-{code[4:]}-1"
            rows.append(_payment(updated, key, code, form, through_portal, amount, state, 0))
    return rows


def _payment(
    version: int,
    key: str,
    dossier: str,
    form: str,
    through_portal: str,
    amount: int,
    state: str,
    paid_at: int,
) -> Row:
    record = {
        "MaGiaoDich": key,
        "MaHoSo": dossier,
        "HinhThucThanhToan": form,
        "QuaNenTangQG": through_portal,
        "SoTien": str(amount),
        "TrangThai": state,
        "ThoiGianGD": str(paid_at or ""),
        "NgayCapNhat": str(version),
    }
    return version, key, record


def rating_rows(
    plan: Plan,
    population: Population,
    lifecycle: Lifecycle,
    numbers: Ints,
    unit_codes: tuple[str, ...],
    satisfaction: Floats,
    draws: Draws,
) -> list[Row]:
    """Ratings of resolved dossiers; `satisfaction` is each dossier's leaning, as log-odds."""
    count = len(population)
    given = lifecycle.closed + (6 * HOUR * np.exp(1.4 * draws.normal(count))).astype(np.int64)
    resolved = lifecycle.is_resolved & (given < NOW)
    in_march = resolved & (given >= MARCH_START) & (given < MARCH_END)
    in_quarter = resolved & (given >= QUARTER_START)
    rated = draws.exactly(plan.march.ratings, in_march)
    satisfied = draws.exactly(plan.march.satisfied, rated, satisfaction)
    quarter = draws.exactly(plan.quarter.ratings, in_quarter)
    satisfied |= draws.exactly(plan.quarter.satisfied, quarter, satisfaction)
    # March's late ones, beyond its count.
    late = draws.share(0.2, resolved & (given >= MARCH_END) & (given < QUARTER_START))
    satisfied |= draws.share(0.97, late)
    rows = _ratings(rated | quarter | late, satisfied, given, population, numbers, unit_codes)
    return rows + _tombstoned_ratings(rows[:: max(1, len(rows) // 12)])


def _ratings(
    rated: Flags,
    satisfied: Flags,
    given: Ints,
    population: Population,
    numbers: Ints,
    unit_codes: tuple[str, ...],
) -> list[Row]:
    chosen = np.flatnonzero(rated)
    columns = (
        numbers[chosen],
        population.unit[chosen],
        satisfied[chosen],
        stamp(given[chosen]),
        stamp(np.minimum(given[chosen] + 60, NOW - 1)),
    )
    rows: list[Row] = []
    for number, unit, is_satisfied, at, version in zip(
        *(column.tolist() for column in columns), strict=True
    ):
        code = dossier_code(number)
        mark = SATISFIED[number % 3 == 0] if is_satisfied else UNSATISFIED[number % 3]
        key = f"DG-{code[4:]}"
        record = {
            "MaDanhGia": key,
            "MaHoSo": code,
            "MaDonVi": unit_codes[unit],
            "ThoiGianDanhGia": str(at),
            "DanhGia": mark,
            "DaXoa": "0",
            "NgayCapNhat": str(version),
        }
        rows.append((version, key, record))
    return rows


def _tombstoned_ratings(rows: list[Row]) -> list[Row]:
    """Ratings given twice and then withdrawn: their tombstones."""
    return [
        (version, f"{key}-X", record | {"MaDanhGia": f"{key}-X", "DanhGia": "RKHL", "DaXoa": "1"})
        for version, key, record in rows
    ]


def uncounted_dossiers(
    plan: Plan, templates: list[dict[str, object]], draws: Draws
) -> Iterator[tuple[int, str, dict[str, object]]]:
    """Dossiers that count nowhere: only submitted, refused at reception, tombstoned.

    `templates` are whole records to copy from. Version, key and content, in no order.
    """
    wanted = (
        *(("1", i) for i in range(plan.submitted_only)),
        *(("3", i) for i in range(plan.refused)),
        *(("", i) for i in range(plan.tombstoned)),
    )
    days = (NOW - QUARTER_START) // DAY
    moments = QUARTER_START + draws.integers(0, days, len(wanted)) * DAY
    moments[::6] = instant(2025, 3, 3) + draws.integers(0, 25, len(moments[::6])) * DAY
    moments = moments + draws.integers(7 * HOUR, 21 * HOUR, len(wanted))
    versions = stamp(moments).tolist()
    for place, ((state, i), version) in enumerate(zip(wanted, versions, strict=True)):
        code = f"MAU-{version // 1_000_000 % 1_000_000:06d}-{900_000 + place:06d}"
        record: dict[str, object] = {"MaHoSo": code, "NgayCapNhat": str(version)}
        template = templates[place % len(templates)]
        if state:
            yield version, code, _unreceived(template, state, i) | record
        elif i % 3:
            yield version, code, template | {"DaXoa": "1"} | record
        else:
            yield version, code, record | {"DaXoa": "1"}


def _unreceived(template: dict[str, object], state: str, place: int) -> dict[str, object]:
    """A dossier that was never taken in; some do not name their channel."""
    blank = dict.fromkeys(
        ("NgayTiepNhan", "NgayHenTra", "NgayKetThucXuLy", "NgayTra", "NgayDongBoKho"), ""
    )
    lists: dict[str, object] = {"DanhSachGiayToKetQua": [], "DanhSachHoSoBoSung": []}
    channel = {"KenhThucHien": ""} if place % 4 == 0 else {}
    return template | blank | lists | channel | {"TrangThaiHoSo": state, "NgayNopHoSo": ""}
