"""The 21 criteria of the province by the definitions of the index, from the counts of a month.

Shares no code with the generator or the warehouse; what is counted from dossiers comes from
`simulator_figures`.
"""

from collections import defaultdict
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from fractions import Fraction
from pathlib import Path

from simulator_figures import Period, PeriodFigures, read_units, records

PROVINCE = "33"
# Criterion: points at most. None has a target rate other than 1.
GROUPS = {
    "transparency": {"01": 6, "02": 4, "03": 2, "04": 6},
    "timeliness": {"05": 20},
    "online_service": {"06": 2, "07": 4, "08": 6},
    "online_payment": {"09": 2, "10": 2, "11": 6},
    "digitisation": {"12": 6, "13": 4, "14": 2, "15": 2, "16": 4, "17": 2, "18": 2},
    "satisfaction": {"19": 6, "20": 6, "21": 6},
}


@dataclass(frozen=True)
class Criteria:
    """Numerator and denominator of every criterion, and the points they give."""

    counts: dict[str, tuple[int, int]]

    def points(self, group: str) -> Fraction:
        """Exact points of a group, each of whose criteria has a denominator."""
        return sum(
            (most * Fraction(*self.counts[code]) for code, most in GROUPS[group].items()),
            Fraction(0),
        )

    @property
    def total(self) -> Fraction:
        """Exact points of all groups."""
        return sum(map(self.points, GROUPS), Fraction(0))


def printed(value: Fraction, places: int) -> str:
    """Half up with so many decimals."""
    exact = Decimal(value.numerator) / Decimal(value.denominator)
    return str(exact.quantize(Decimal(1).scaleb(-places), ROUND_HALF_UP))


class CriteriaCounter:
    """The feeds other than dossiers and payments, read once, to complete a month's counts."""

    def __init__(self, directory: Path) -> None:
        self._units = read_units(directory)
        self._procedures = list(records(directory, "procedures"))
        self._petitions = [
            petition
            for petition in records(directory, "petitions")
            if petition["DaXoa"] != "1" and petition["TrangThai"] != "4"
        ]
        self._ratings = [
            rating for rating in records(directory, "ratings") if rating["DaXoa"] != "1"
        ]

    def of(self, month: Period, figures: PeriodFigures) -> Criteria:
        """The criteria of a month, given what was counted of its dossiers."""
        counts, codes = figures.counts, figures.codes
        offered = counts["received, level 3"] + counts["received, level 4"]
        offered_online = counts["received online, level 3"] + counts["received online, level 4"]
        received, resolved = counts["received"], counts["resolved"]
        return Criteria(
            self._of_procedures(month)
            | self._of_petitions(month)
            | {
                "04": (counts["synchronised"], received),
                "05": (counts["resolved, on time"], resolved),
                "07": (len(codes["online"]), len(codes["offered"])),
                "08": (offered_online, offered),
                "09": (len(codes["paid online"]), len(codes["with fee"])),
                "11": (counts["paid online"], counts["with fee"]),
                "12": (counts["electronic results"], resolved),
                "13": (counts["digitised"], received),
                "14": (counts["reused"], received),
                "15": (counts["certified copies, electronic"], counts["certified copies"]),
                "16": (counts["digitised, in the vault"], counts["digitised, resolved"]),
                "18": (counts["population data"], received),
                "21": self._satisfied_ratings(month),
            }
        )

    def published_on_time_by_department(self, month: Period) -> dict[str, tuple[int, int]]:
        """Criterion 01 of every department, which counts its own rows."""
        due: dict[str, list[bool]] = defaultdict(list)
        for row in self._procedures:
            if row["MaDonVi"].startswith("MAU-S") and _in_year(row["HanCongBo"], month):
                due[row["MaDonVi"]].append(_kept(row["NgayCongBo"], row["HanCongBo"]))
        return {code: (sum(kept), len(kept)) for code, kept in due.items()}

    def _of_procedures(self, month: Period) -> dict[str, tuple[int, int]]:
        # Per criterion and code: whether every row in the denominator meets the condition.
        met: dict[str, dict[str, bool]] = defaultdict(dict)

        def judge(criterion: str, code: str, condition: bool) -> None:
            met[criterion][code] = met[criterion].get(code, True) and condition

        for row in self._procedures:
            if not self._units.of_province(row["MaDonVi"], month, PROVINCE):
                continue
            code = row["MaTTHC"]
            if _in_year(row["HanCongBo"], month):
                judge("01", code, _kept(row["NgayCongBo"], row["HanCongBo"]))
            if _in_year(row["HanCongKhai"], month):
                judge("02", code, _kept(row["NgayCongKhai"], row["HanCongKhai"]))
            if _is_active(row, month):
                judge("03", code, row["DuNoiDung"] == "1")
                judge("06", code, row["MucDo"] in ("3", "4"))
                judge("17", code, row["KetNoiCSDLDC"] == "1")
                if row["CoPhi"] == "1":
                    judge("10", code, row["TichHopThanhToanQG"] == "1")
        return {name: (sum(codes.values()), len(codes)) for name, codes in met.items()}

    def _of_petitions(self, month: Period) -> dict[str, tuple[int, int]]:
        of_province = [
            petition
            for petition in self._petitions
            if self._units.of_province(petition["MaDonVi"], month, PROVINCE)
        ]
        answered = [p for p in of_province if p["NgayTraLoi"] and month.holds(p["NgayTraLoi"])]
        overdue = [
            petition
            for petition in of_province
            if month.holds(petition["NgayHenTraLoi"])
            and (not petition["NgayTraLoi"] or petition["NgayTraLoi"] >= month.end)
        ]
        in_time = [
            petition
            for petition in answered
            if not petition["NgayHenTraLoi"]
            or _kept(petition["NgayTraLoi"], petition["NgayHenTraLoi"])
        ]
        rated = [petition for petition in answered if petition["MucDoHaiLong"]]
        satisfied = [petition for petition in rated if petition["MucDoHaiLong"] in ("RHL", "HL")]
        return {
            "19": (len(in_time), len(answered) + len(overdue)),
            "20": (len(satisfied), len(rated)),
        }

    def _satisfied_ratings(self, month: Period) -> tuple[int, int]:
        marks = [
            rating["DanhGia"]
            for rating in self._ratings
            if month.holds(rating["ThoiGianDanhGia"])
            and self._units.of_province(rating["MaDonVi"], month, PROVINCE)
        ]
        return sum(mark in ("RHL", "HL") for mark in marks), len(marks)


def _in_year(day: str, month: Period) -> bool:
    return bool(day) and month.start[:4] + "0101" <= day <= month.last_day


def _kept(done: str, deadline: str) -> bool:
    """On the deadline's day at the latest."""
    return bool(done) and done[:8] <= deadline[:8]


def _is_active(row: dict[str, str], month: Period) -> bool:
    return (
        row["TrangThai"] == "1"
        and row["HieuLucTu"] <= month.last_day
        and month.last_day <= (row["HieuLucDen"] or "99999999")
    )
