"""Counts a served province by the definitions of the index, in plain Python.

Shares no code with the generator: it reads the feeds' JSON lines and knows only the contract.
All times are compared as the contract's text yyyyMMddHHmmss, which sorts as time does.
"""

import json
from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, timedelta
from pathlib import Path
from typing import Any

COUNTED_STATES = {"2", "4", "5", "6", "7", "8", "9", "10"}
CERTIFIED_COPIES = {"2.000815", "2.000843"}


@dataclass(frozen=True)
class Period:
    """A half-open period as contract times."""

    start: str
    end: str

    def holds(self, time: str) -> bool:
        return self.start <= time < self.end

    @property
    def last_day(self) -> str:
        """The last day that lies in the period, as yyyyMMdd."""
        day, time = date.fromisoformat(self.end[:8]), self.end[8:]
        last = day if time > "000000" else day - timedelta(days=1)
        return last.strftime("%Y%m%d")


MARCH = Period("20250301000000", "20250401000000")
QUARTER = Period("20250701000000", "20250916000000")


def records(directory: Path, feed: str) -> Iterator[dict[str, Any]]:
    """The records of a feed, one by one."""
    with (directory / f"{feed}.jsonl").open(encoding="utf-8") as lines:
        for line in lines:
            yield json.loads(line)


@dataclass
class Units:
    """Who a unit's records count for in a period, by versions and successors."""

    versions: dict[str, list[dict[str, str]]]
    _provinces: dict[tuple[str, Period], str] = field(default_factory=dict)

    def counted_for(self, code: str, period: Period) -> dict[str, str] | None:
        """The unit version that a record of `code` counts for in the period, None: the province."""
        seen, queue = {code}, [code]
        while queue:
            found = queue.pop(0)
            valid = [v for v in self.versions[found] if _is_valid(v, period)]
            if valid:
                return max(valid, key=lambda version: version["HieuLucTu"])
            latest = max(self.versions[found], key=lambda version: version["HieuLucTu"])
            for successor in filter(None, latest["MaDonViKeThua"].split(";")):
                if successor not in seen:
                    seen.add(successor)
                    queue.append(successor)
        return None

    def of_province(self, code: str, period: Period, province: str) -> bool:
        """Whether a record of `code` counts for the province in the period."""
        known = self._provinces.get((code, period))
        if known is None:
            found = self.counted_for(code, period)
            known = self._provinces[code, period] = found["MaTinh"] if found else province
        return known == province


def _is_valid(version: dict[str, str], period: Period) -> bool:
    first = period.start[:8]
    return (
        version["HieuLucTu"] <= period.last_day and (version["HieuLucDen"] or "99999999") >= first
    )


def read_units(directory: Path) -> Units:
    """The units snapshot by code."""
    versions: dict[str, list[dict[str, str]]] = defaultdict(list)
    for row in records(directory, "units"):
        versions[row["MaDonVi"]].append(row)
    return Units(versions)


@dataclass
class Levels:
    """Online level of a dossier's procedure: its own row's, else the code's first row's."""

    own: dict[tuple[str, str], str] = field(default_factory=dict)
    first: dict[str, tuple[str, str]] = field(default_factory=dict)
    fallbacks: int = 0

    def of(self, code: str, unit: str) -> str:
        level = self.own.get((code, unit))
        if level is None:
            self.fallbacks += 1
            return self.first[code][1]
        return level


def read_levels(directory: Path) -> Levels:
    """The procedures snapshot as a look-up of levels."""
    levels = Levels()
    for row in records(directory, "procedures"):
        code, unit, level = row["MaTTHC"], row["MaDonVi"], row["MucDo"]
        levels.own[code, unit] = level
        if code not in levels.first or unit < levels.first[code][0]:
            levels.first[code] = (unit, level)
    return levels


def paid_online(directory: Path) -> dict[str, str]:
    """The time of the first payment online through the national platform, by dossier."""
    paid: dict[str, str] = {}
    for row in records(directory, "payments"):
        counts = (
            row["HinhThucThanhToan"] == "truc-tuyen"
            and row["QuaNenTangQG"] == "1"
            and row["TrangThai"] == "Đã thanh toán"
        )
        if counts:
            dossier, time = row["MaHoSo"], row["ThoiGianGD"]
            paid[dossier] = min(time, paid.get(dossier, time))
    return paid


@dataclass
class PeriodFigures:
    """Counts of one period, and the procedure codes of its dossiers by kind."""

    counts: Counter[str] = field(default_factory=Counter)
    codes: dict[str, set[str]] = field(default_factory=lambda: defaultdict(set))
    end_to_end: dict[str, list[int]] = field(default_factory=lambda: defaultdict(lambda: [0, 0]))


class FigureCounter:
    """Counts dossiers into periods, one pass over the feed."""

    def __init__(self, directory: Path, periods: dict[str, Period]) -> None:
        self._directory = directory
        self._units = read_units(directory)
        self._paid = paid_online(directory)
        self._side: dict[tuple[str, str], tuple[str, str]] = {}
        self.levels = read_levels(directory)
        self.periods = periods
        self.figures = {name: PeriodFigures() for name in periods}

    def count(self) -> dict[str, PeriodFigures]:
        """The figures of every period."""
        for dossier in records(self._directory, "dossiers"):
            if dossier.get("DaXoa") != "1" and dossier.get("TrangThaiHoSo") in COUNTED_STATES:
                for name, period in self.periods.items():
                    self._count_dossier(dossier, name, period)
        return self.figures

    def _count_dossier(self, dossier: dict[str, Any], name: str, period: Period) -> None:
        received = dossier["NgayTiepNhan"]
        closed = _closed(dossier)
        if received >= period.end or (closed and closed < period.start):
            return
        unit, side = self._counted_for(dossier["MaDonVi"], name)
        figures = self.figures[name]
        counts = figures.counts
        if received < period.start:
            counts["carried over"] += 1
            counts[f"carried over, {side}"] += 1
        else:
            self._count_received(dossier, figures, period)
        if not closed or closed >= period.end:
            counts["open"] += 1
            due = dossier["NgayHenTra"]
            counts["open overdue"] += bool(due) and due < period.end
        elif dossier["TrangThaiHoSo"] in ("7", "8"):
            counts["withdrawn or stopped"] += 1
        else:
            self._count_resolved(dossier, closed, figures, unit, side)
            self._count_results(dossier, figures, period)

    def _count_received(
        self, dossier: dict[str, Any], figures: PeriodFigures, period: Period
    ) -> None:
        counts = figures.counts
        code = _procedure_code(dossier)
        level = self.levels.of(code, dossier["MaDonVi"])
        channel = dossier["KenhThucHien"]
        counts["received"] += 1
        counts[f"received, channel {channel}"] += 1
        counts[f"received, level {level}"] += 1
        counts[f"received online, level {level}"] += channel == "2"
        counts["digitised"] += dossier["HoSoCoThanhPhanSoHoa"] == "1"
        counts["reused"] += any(
            document["DuocTaiSuDung"] in ("1", "2") or document["DuocLayTuKhoDMQG"] == "1"
            for document in dossier["TaiLieuNop"]
        )
        counts["synchronised"] += _happened(dossier["NgayDongBoDVCQG"], period)
        counts["population data"] += {"MaCSDL": "CSDLDC"} in dossier["DSKetNoiCSDL"]
        if level in ("3", "4"):
            figures.codes["offered"].add(code)
            if channel == "2":
                figures.codes["online"].add(code)
        if _has_fee(dossier):
            self._count_fee(dossier, code, figures, period)

    def _count_fee(
        self, dossier: dict[str, Any], code: str, figures: PeriodFigures, period: Period
    ) -> None:
        figures.counts["with fee"] += 1
        figures.codes["with fee"].add(code)
        if _happened(self._paid.get(dossier["MaHoSo"], ""), period):
            figures.counts["paid online"] += 1
            figures.codes["paid online"].add(code)

    def _count_resolved(
        self, dossier: dict[str, Any], closed: str, figures: PeriodFigures, unit: str, side: str
    ) -> None:
        due = dossier["NgayHenTra"]
        on_time = not due or closed[:8] <= due[:8]
        electronic = _has_electronic_result(dossier)
        counts = figures.counts
        for name in ("resolved", f"resolved, {side}"):
            counts[name] += 1
            counts[f"{name}, on time"] += on_time
        paid = not _has_fee(dossier) or dossier["MaHoSo"] in self._paid
        end_to_end = (
            dossier["KenhThucHien"] == "2"
            and paid
            and electronic
            and dossier["HinhThuc"] in ("1", "2")
            and dossier["CoBuocTrucTiep"] == "0"
        )
        figures.end_to_end[unit][0] += end_to_end
        figures.end_to_end[unit][1] += 1

    def _count_results(
        self, dossier: dict[str, Any], figures: PeriodFigures, period: Period
    ) -> None:
        counts = figures.counts
        electronic = _has_electronic_result(dossier)
        counts["electronic results"] += electronic
        if _procedure_code(dossier) in CERTIFIED_COPIES:
            counts["certified copies"] += 1
            counts["certified copies, electronic"] += electronic
        if dossier["HoSoCoThanhPhanSoHoa"] == "1":
            counts["digitised, resolved"] += 1
            counts["digitised, in the vault"] += _happened(dossier["NgayDongBoKho"], period)

    def _counted_for(self, code: str, name: str) -> tuple[str, str]:
        """Code and type of the unit that counts."""
        found = self._side.get((code, name))
        if found is None:
            unit = self._units.counted_for(code, self.periods[name])
            found = (unit["MaDonVi"], unit["LoaiDonVi"]) if unit else ("33", "tinh")
            self._side[code, name] = found
        return found


def _procedure_code(dossier: dict[str, Any]) -> str:
    """Without the suffix of the province's own copy."""
    return ".".join(dossier["MaTTHC"].split(".")[:2])


def _happened(time: str, period: Period) -> bool:
    """By the end of the period."""
    return bool(time) and time < period.end


def _closed(dossier: dict[str, Any]) -> str:
    state = dossier["TrangThaiHoSo"]
    if state in ("9", "10"):
        return str(dossier["NgayKetThucXuLy"] or dossier["NgayTra"])
    if state in ("7", "8"):
        return str(dossier["NgayKetThucXuLy"] or dossier["NgayCapNhat"])
    return ""


def _has_fee(dossier: dict[str, Any]) -> bool:
    return sum(int(fee["Gia"]) for fee in dossier["DanhSachLePhi"]) > 0


def _has_electronic_result(dossier: dict[str, Any]) -> bool:
    inputs = {document["DuongDanTaiTepTin"] for document in dossier["TaiLieuNop"]}
    return any(
        paper["MaGiayToKetQua"]
        and paper["DuongDanTepTinKetQua"]
        and paper["DuongDanTepTinKetQua"] not in inputs
        for paper in dossier["DanhSachGiayToKetQua"]
    )
