"""Volume and silence on the whole way: what alarms, what does not, and how a month goes on.

One province from July to mid-September 2025. July has no history (a break in the series lies
before it), August holds every case, September ends at a cut-off after a public holiday.
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest

from service_index.orchestration import stages
from service_index.orchestration.overriding import override_check
from service_index.orchestration.stages import StageError
from service_index.orchestration.windows import parse_month
from simulator.server import SampleSource
from tests.pipeline import Pipeline, open_pipeline
from tests.warehouses import fresh_warehouse

Record = dict[str, str]
FIRST, CUTOFF = date(2025, 7, 1), date(2025, 9, 12)
AUGUST = "2025-08"
HOLIDAYS = (date(2025, 9, 1), date(2025, 9, 2))
THIN_DAY = date(2025, 8, 12)
# The last five working days of August.
LAST_DAYS = [date(2025, 8, day) for day in (25, 26, 27, 28, 29)]


def _is_working(day: date) -> bool:
    return day.weekday() < 5 and day not in HOLIDAYS


DAYS = [FIRST + timedelta(days=n) for n in range((CUTOFF - FIRST).days)]
WORKING = [day for day in DAYS if _is_working(day)]
BEFORE_AUGUST = [day for day in WORKING if day < date(2025, 8, 1)]


def _base(day: date) -> int:
    """A usual province: full Mondays, quiet weekends, nothing on holidays."""
    if day in HOLIDAYS:
        return 0
    return (56, 40, 40, 40, 38, 6, 1)[day.weekday()]


# Unit → day → dossiers. The name says the case; those in ALARMS have fallen silent in August.
UNITS: dict[str, dict[date, int]] = {
    "USUAL": {day: _base(day) for day in DAYS},
    "NEVER": {},
    "SILENT": dict.fromkeys(BEFORE_AUGUST, 3),
    "TWENTY": dict.fromkeys(BEFORE_AUGUST[-20:], 1),
    "NINETEEN": dict.fromkeys(BEFORE_AUGUST[-19:], 1),
    "ENDED": {day: 3 for day in WORKING if day <= date(2025, 8, 8)},
    "TWODAYS": {day: 5 for day in WORKING if day not in LAST_DAYS[-2:]},
    "THREEDAYS": {day: 5 for day in WORKING if day not in LAST_DAYS[-3:]},
    # In July it had nothing for as long.
    "HABIT": {
        day: 5
        for day in WORKING
        if day not in LAST_DAYS[-3:] and not date(2025, 7, 14) <= day <= date(2025, 7, 16)
    },
    # All at once is no habit.
    "ONEDAY": {date(2025, 8, 5): 60},
    "HOLIDAY": {day: 5 for day in WORKING if day < date(2025, 9, 1)},
}  # fmt: skip
ALARMS = {"SILENT", "TWENTY", "THREEDAYS"}


def _units() -> list[Record]:
    province = {"MaDonVi": "33", "LoaiDonVi": "tinh"}
    communes = [{"MaDonVi": code, "LoaiDonVi": "xa", "MaDonViCha": "33"} for code in UNITS]
    units = [{**u, "HieuLucTu": "20100101", "MaTinh": "33"} for u in (province, *communes)]
    return [{**u, "HieuLucDen": "20250810"} if u["MaDonVi"] == "ENDED" else u for u in units]


def _dossiers() -> list[Record]:
    return [
        {"MaHoSo": f"{unit}-{day:%Y%m%d}-{n}", "MaTTHC": "1.000001", "MaDonVi": unit,
         "KenhThucHien": "2", "TrangThaiHoSo": "10", "NgayTiepNhan": f"{day:%Y%m%d}080000",
         "NgayHenTra": f"{day:%Y%m%d}170000", "NgayKetThucXuLy": f"{day:%Y%m%d}140000",
         "NgayCapNhat": f"{day:%Y%m%d}150000"}
        for unit, days in UNITS.items()
        for day, count in days.items()
        for n in range(count)
    ]  # fmt: skip


def _payments() -> list[Record]:
    """100 a working day and 8 on others; on one day 60 % less."""
    return [
        {"MaGiaoDich": f"T{day:%Y%m%d}-{n}", "MaHoSo": "USUAL-20250701-0", "QuaNenTangQG": "1",
         "HinhThucThanhToan": "truc-tuyen", "TrangThai": "Chưa thanh toán",
         "NgayCapNhat": f"{day:%Y%m%d}150000"}
        for day in DAYS
        for n in range(40 if day == THIN_DAY else 100 if _is_working(day) else 8)
    ]  # fmt: skip


def _petitions() -> list[Record]:
    """Three a day, and on every fifth none."""
    return [
        {"MaPAKN": f"K{day:%Y%m%d}-{n}", "MaDonVi": "USUAL", "NgayTiepNhan": f"{day:%Y%m%d}080000",
         "TrangThai": "1", "NgayCapNhat": f"{day:%Y%m%d}150000"}
        for day in WORKING
        for n in range(3 if day.day % 5 else 0)
    ]  # fmt: skip


def _ratings() -> list[Record]:
    """Ten a day, from August on four: too few to show on a day, not in a month."""
    return [
        {"MaDanhGia": f"R{day:%Y%m%d}-{n}", "MaDonVi": "USUAL", "DanhGia": "RHL",
         "ThoiGianDanhGia": f"{day:%Y%m%d}120000", "NgayCapNhat": f"{day:%Y%m%d}150000"}
        for day in WORKING
        for n in range(10 if day.month == 7 else 4)
    ]  # fmt: skip


@pytest.fixture(scope="module")
def source() -> Iterator[SampleSource]:
    procedure = {"MaTTHC": "1.000001", "MaDonVi": "USUAL", "MucDo": "4", "TrangThai": "1"}
    records = {
        "units": _units(),
        "procedures": [procedure],
        "dossiers": _dossiers(),
        "payments": _payments(),
        "petitions": _petitions(),
        "ratings": _ratings(),
    }
    with SampleSource.from_records(records) as serving:
        yield serving


@pytest.fixture(scope="module")
def loaded(
    source: SampleSource, postgres_server: str, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Pipeline]:
    """All of it in one window, transformed; the gate of the marts has not been run."""
    home = tmp_path_factory.mktemp("deliveries")
    with pytest.MonkeyPatch.context() as patch, fresh_warehouse(postgres_server) as dsn:
        pipeline = open_pipeline(patch, home, dsn, source.connection_uri)
        pipeline.ingest(FIRST.isoformat(), CUTOFF.isoformat())
        stages.transform(AUGUST)
        yield pipeline


def _rows(pipeline: Pipeline, query: str, *parameters: Any) -> list[tuple[Any, ...]]:
    with pipeline.connect() as connection:
        return connection.execute(query, parameters).fetchall()


def _volumes(pipeline: Pipeline) -> list[tuple[Any, ...]]:
    return _rows(pipeline, "select v::text from intermediate.int_delivery_volume as v order by v")


def _silences(pipeline: Pipeline) -> list[tuple[Any, ...]]:
    return _rows(pipeline, "select s::text from intermediate.int_unit_silence as s order by s")


@pytest.mark.fault(22, "a day and a month far below their history")
def test_only_the_thin_day_and_the_thin_month_are_too_small(loaded: Pipeline) -> None:
    alarms = _rows(
        loaded,
        "select feed, period_month, delivered_on from intermediate.int_delivery_volume "
        "where is_too_small order by feed, period_month, delivered_on",
    )
    assert alarms == [
        ("payments", date(2025, 8, 1), THIN_DAY),
        ("ratings", date(2025, 8, 1), None),
    ]


def test_every_day_with_history_is_judged(loaded: Pipeline) -> None:
    judged = _rows(
        loaded,
        "select delivered_on from intermediate.int_delivery_volume "
        "where feed = 'dossiers' and delivered_on is not null order by delivered_on",
    )
    days = {day for (day,) in judged}
    # Five working days make a history for the next one, four Saturdays for the fifth.
    assert min(days) == date(2025, 7, 8)
    assert date(2025, 7, 26) not in days
    assert date(2025, 8, 2) in days
    assert not days & {date(2025, 8, 30), date(2025, 8, 31), *HOLIDAYS}
    assert max(days) == CUTOFF - timedelta(days=1)


@pytest.mark.fault(22, "units silent, small, new, ended")
@pytest.mark.parametrize("unit", UNITS)
def test_a_unit_alarms_in_august_only_when_it_fell_silent(loaded: Pipeline, unit: str) -> None:
    alarms = _rows(
        loaded,
        "select is_alarm from intermediate.int_unit_silence "
        "where unit_code = %s and period_month = '2025-08-01'",
        unit,
    )
    assert ((True,) in alarms) is (unit in ALARMS)


def test_what_was_silent_before_is_told_once(loaded: Pipeline) -> None:
    """In September SILENT has had nothing for four weeks; HOLIDAY is silent since its holidays."""
    alarms = _rows(
        loaded,
        "select unit_code from intermediate.int_unit_silence "
        "where is_alarm and period_month = '2025-09-01'",
    )
    assert alarms == [("HOLIDAY",)]


def test_windows_in_any_order_give_the_same_verdict(
    loaded: Pipeline,
    source: SampleSource,
    warehouse_dsn: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    shuffled = open_pipeline(monkeypatch, tmp_path, warehouse_dsn, source.connection_uri)
    starts = [FIRST + timedelta(days=n) for n in range(0, len(DAYS), 10)]
    random.Random(5).shuffle(starts)
    for number, start in enumerate(starts):
        shuffled.ingest(start.isoformat(), min(start + timedelta(days=10), CUTOFF).isoformat())
        if number == 2:
            stages.transform(AUGUST)
    stages.transform(AUGUST)
    assert _volumes(shuffled) == _volumes(loaded)
    assert _silences(shuffled) == _silences(loaded)


@pytest.mark.fault(22, "the month of a thin day is to be published")
def test_a_withheld_month_says_why_and_goes_on_with_a_named_reason(loaded: Pipeline) -> None:
    month = parse_month(AUGUST)
    # Only the month that the thin day touches is withheld.
    stages.gate_marts("2025-07")
    assert loaded.publish("2025-07")["is_new"] is True

    told = r"day_is_not_too_small: payments 2025-08-12 short by 60 % \("
    with pytest.raises(StageError, match=told) as stop:
        stages.gate_marts(AUGUST)
    assert "publish --month 2025-08 --override-gate day_is_not_too_small --because" in str(stop)
    with pytest.raises(StageError, match="have not passed their gate"):
        loaded.publish(AUGUST)
    failed = _rows(
        loaded,
        "select check_name, observed -> 'names' from ops.check where not passed "
        "and severity = 'fail' order by check_name",
    )
    assert [
        (check, [name.partition(" short ")[0] for name in names]) for check, names in failed
    ] == [
        ("day_is_not_too_small", ["payments 2025-08-12"]),
        ("month_is_not_too_small", ["ratings 2025-08"]),
        (
            "no_unit_fell_silent",
            ["SILENT since 2025-07-31", "THREEDAYS since 2025-08-26", "TWENTY since 2025-07-31"],
        ),
    ]

    with loaded.connect() as connection:
        for check, _ in failed:
            override_check(connection, month, check, "<b>the bank</b> was closed")
    released = loaded.publish(AUGUST)
    assert (released["release_id"], released["is_new"]) == ("2025-08.r1", True)
    kept = _rows(
        loaded,
        "select overridden_because, report_path from ops.check join ops.gate_run "
        "using (gate_run_id) where overridden_because is not null",
    )
    assert len(kept) == 3
    page = Path(kept[0][1]).read_text(encoding="utf-8")
    assert page.count("&lt;b&gt;the bank&lt;/b&gt; was closed (") == 3
    assert "Không đạt <span" not in page


def test_the_word_holds_for_the_same_failure_at_the_next_run(
    loaded: Pipeline, source: SampleSource
) -> None:
    """Runs on the warehouse in which August was let pass, with its word withdrawn for the units."""
    with loaded.connect() as connection:
        connection.execute(
            "update ops.check set observed = jsonb_set(observed, '{names}', '[\"TWENTY\"]') "
            "where check_name = 'no_unit_fell_silent'"
        )
    loaded.ingest(CUTOFF.isoformat(), (CUTOFF + timedelta(days=1)).isoformat())
    stages.transform(AUGUST)
    with pytest.raises(StageError, match="failed no_unit_fell_silent: SILENT since 2025-07-31"):
        stages.gate_marts(AUGUST)
    standing = _rows(
        loaded,
        "select check_name from ops.check where overridden_because is not null and "
        "gate_run_id = (select max(gate_run_id) from ops.gate_run) order by check_name",
    )
    assert standing == [("day_is_not_too_small",), ("month_is_not_too_small",)]
