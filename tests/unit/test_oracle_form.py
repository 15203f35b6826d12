"""The computed rows of the statistical form on hand-worked cases."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from fractions import Fraction

import pytest

from tests.oracle.cases import MERGED, dossier, form, petition, procedure, unit
from tests.oracle.compare import FORM, differences_in
from tests.oracle.fields import ICT
from tests.oracle.form import RATES, FormRow, begun_months

SEPTEMBER = datetime(2025, 10, 1, tzinfo=ICT)
# A district that ends with June, its commune that goes on, a department and a vertical agency.
UNITS = [
    unit("33", "tinh"),
    unit("D", "huyen", until="20250630", MaDonViKeThua="A"),
    unit("A"),
    unit("S", "so"),
    unit("N", "nganh_doc"),
]


def resolved(key: str, unit_code: str, day: str, due: str = "", **more: str) -> dict[str, object]:
    """A dossier received and resolved on a day."""
    record = dossier(key, MaDonVi=unit_code, NgayTiepNhan=f"{day}080000")
    ended = {"NgayKetThucXuLy": f"{day}170000", "NgayHenTra": f"{due or day}000000"}
    return record | ended | {"NgayCapNhat": "20250830000000"} | more


@pytest.mark.parametrize(
    ("period", "cutoff", "first", "last"),
    [
        ("2025Q1", SEPTEMBER, "2025-01-01", "2025-03-31"),
        ("2025Q3", SEPTEMBER, "2025-07-01", "2025-09-30"),
        ("2025Q3", datetime(2025, 9, 16, tzinfo=ICT), "2025-07-01", "2025-09-15"),
        ("2025Q3", datetime(2025, 9, 16, 1, tzinfo=ICT), "2025-07-01", "2025-09-16"),
        ("2025Q3", datetime(2025, 8, 1, tzinfo=ICT), "2025-07-01", "2025-07-31"),
        ("2025H1", SEPTEMBER, "2025-01-01", "2025-06-30"),
        ("2025H2", SEPTEMBER, "2025-07-01", "2025-09-30"),
        ("2025", SEPTEMBER, "2025-01-01", "2025-09-30"),
    ],
)
def test_a_period_ends_at_the_cut_off_if_that_is_earlier(
    period: str, cutoff: datetime, first: str, last: str
) -> None:
    months = begun_months(period, cutoff)
    assert months[0].first_day.isoformat() == first
    assert months[-1].last_day.isoformat() == last


@pytest.mark.parametrize("period", ["2025Q4", "2025H3", "2025-03", "2025Q", "2026"])
def test_what_is_no_period_or_has_not_begun_is_refused(period: str) -> None:
    with pytest.raises(ValueError, match=period):
        begun_months(period, SEPTEMBER)


def test_dossiers_count_on_the_side_of_their_unit_in_the_month_of_the_event() -> None:
    dossiers = [
        resolved("1", "S", "20250110"),
        resolved("2", "N", "20250310", due="20250309"),  # late
        resolved("3", "D", "20250410"),
        resolved("4", "D", "20250710"),  # the commune's by then: the same side
        resolved("5", "A", "20250630", due="20250701"),
        resolved("6", "33", "20250410"),  # the province's own: on neither side
        resolved("7", "S", "20250410", TrangThaiHoSo="7"),
    ]
    rows = form("2025H1", units=UNITS, dossiers=dossiers)
    assert [rows[code] for code in ("3.1", "3.1.1", "3.1.2")] == [50, 2, 1]
    assert [rows[code] for code in ("3.2", "3.2.1", "3.2.2")] == [100, 2, 2]
    rows = form("2025Q3", units=UNITS, dossiers=dossiers)
    assert [rows[code] for code in ("3.1", "3.1.1", "3.1.2")] == [None, 0, 0]
    assert [rows[code] for code in ("3.2", "3.2.1", "3.2.2")] == [100, 1, 1]
    rows = form("2025", units=UNITS, dossiers=dossiers)
    assert [rows[code] for code in ("3.1.1", "3.2.1")] == [2, 3]


def test_a_unit_may_change_sides_within_a_period() -> None:
    units = [unit("33", "tinh"), unit("X", until="20250214"), unit("X", "so", since="20250215")]
    dossiers = [resolved("1", "X", "20250131"), resolved("2", "X", "20250201")]
    rows = form("2025Q1", units=units, dossiers=dossiers)
    assert (rows["3.1.1"], rows["3.2.1"]) == (1, 1)


def test_the_year_of_a_province_holds_what_merged_into_it() -> None:
    units = [*MERGED, unit("34S", "so", until="20250630", MaTinh="34", MaDonViCha="34")]
    dossiers = [
        resolved("1", "101", "20250610"),
        resolved("2", "100", "20250610"),
        resolved("3", "100", "20250710"),
        resolved("4", "34S", "20250610"),
        resolved("5", "34S", "20250710"),  # no successor: the new province only
        resolved("6", "102", "20250610"),  # of 33 before and after
    ]

    def counts(period: str, province: str) -> list[object]:
        rows = form(period, province, units=units, dossiers=dossiers)
        return [rows[code] for code in ("3.1.1", "3.2.1", "DVC.3.3.1")]

    assert counts("2025H1", "34") == [1, 2, 3]
    assert counts("2025H1", "33") == [0, 1, 1]
    assert counts("2025Q3", "33") == [0, 1, 2]
    assert counts("2025", "33") == [1, 4, 6]


def test_what_lies_after_the_cut_off_is_not_in_the_form() -> None:
    cutoff = datetime(2025, 8, 16, tzinfo=ICT)
    dossiers = [
        resolved("1", "S", "20250815"),
        resolved("2", "S", "20250816"),
        resolved("3", "S", "20250630"),
    ]
    petitions = [
        petition("1", NgayTiepNhan="20250815235959", NgayTraLoi="20250816000000"),
        petition("2", NgayTiepNhan="20250701000000", NgayTraLoi="20250815235959"),
        petition("3", NgayTiepNhan="20250816000000", NgayTraLoi="20250816000000"),
        petition("4", NgayTiepNhan="20250630235959", NgayTraLoi="20250702000000"),
    ]
    fresh = [record | {"NgayCapNhat": "20250830000000"} for record in petitions]
    rows = form("2025Q3", cutoff=cutoff, units=UNITS, dossiers=dossiers, petitions=fresh)
    assert (rows["3.1.1"], rows["DVC.3.3.1"]) == (1, 1)
    assert [rows[code] for code in ("3.3", "3.3.1", "3.3.2")] == [50, 2, 1]


def test_petitions_about_regulations_that_were_received_in_the_period() -> None:
    unanswered = {"NgayTraLoi": "", "TrangThai": "2"}
    petitions = [
        petition("1", LoaiPAKN="1"),
        petition("2", LoaiPAKN=""),
        petition("3", LoaiPAKN="2"),  # about conduct
        petition("4", TrangThai="4"),  # refused
        petition("5", **unanswered),
        petition("6", NgayTraLoi="20250401000000"),  # after the period
        petition("7", NgayTiepNhan="20241231235959"),
    ]
    rows = form("2025Q1", petitions=petitions)
    assert [rows[code] for code in ("3.3", "3.3.1", "3.3.2")] == [50, 4, 2]
    assert form("2025H1", petitions=petitions)["3.3.2"] == 3


def test_procedures_are_distinct_codes_active_at_the_end() -> None:
    rows = form(
        "2025Q1",
        units=UNITS,
        procedures=[
            procedure("1.1", "S", CapThucHien="tinh"),
            procedure("1.1.000.00.00.H33", "A", CapThucHien="xa"),  # the code is in both
            procedure("1.2", "A", "3", CapThucHien="xa", HieuLucDen="20250331"),
            procedure("1.3", "A", CapThucHien="xa", HieuLucDen="20250330"),
            procedure("1.3", "S", "2"),  # active, of no level of government
            procedure("1.4", "S", CapThucHien="tinh", TrangThai="0"),
            procedure("1.5", "S", CapThucHien="tinh", HieuLucTu="20250401"),
        ],
    )
    assert [rows[code] for code in ("1.4", "1.4.1", "1.4.2")] == [3, 1, 2]
    # At level 4: 1.1; the row that brought 1.3 there has ended.
    assert rows["DVC.3.1.2"] == 1


def test_any_row_makes_a_code_one_with_a_fee_or_an_integrated_one() -> None:
    rows = form(
        "2025Q1",
        units=UNITS,
        procedures=[
            procedure("1.1", "S", CoPhi="1"),
            procedure("1.1", "A", TichHopThanhToanQG="1"),
            procedure("1.2", "S", CoPhi="1", TichHopThanhToanQG="0"),
            procedure("1.3", "S", TichHopThanhToanQG="1"),
            procedure("1.4", "S", CoPhi="1", TichHopThanhToanQG="1", HieuLucDen="20250101"),
            procedure("1.5", "S", CoPhi="1", TichHopThanhToanQG="1"),
        ],
    )
    assert [rows[code] for code in ("DVC.3.5.1", "DVC.3.5.2")] == [3, 2]
    assert rows["DVC.3.5"] == Fraction(200, 3)


def test_services_and_dossiers_at_the_levels_of_the_last_day() -> None:
    procedures = [
        procedure("1.1", "S", "4"),
        procedure("1.1", "A", "3"),
        procedure("1.2", "A", "3"),
        procedure("1.3", "A", "2"),
        procedure("1.4", "A", "4", TrangThai="0"),
        procedure("1.5", "S", "4"),
    ]
    by_hand = {"KenhThucHien": "1"}
    dossiers = [
        resolved("1", "S", "20250110", MaTTHC="1.1", **by_hand),
        resolved("2", "A", "20250110", MaTTHC="1.1"),
        resolved("3", "A", "20250210", MaTTHC="1.2", **by_hand),
        resolved("4", "A", "20250210", MaTTHC="1.3"),
        resolved("5", "A", "20250210", MaTTHC="1.4"),  # abolished: no service, but level 4
        resolved("6", "A", "20250401", MaTTHC="1.5"),  # of the next quarter
        resolved("7", "A", "20250210", MaTTHC="1.1", TrangThaiHoSo="4", **by_hand),
    ]
    rows = form("2025Q1", units=UNITS, procedures=procedures, dossiers=dossiers)
    assert rows["DVC.3.1.2"] == 2  # 1.1, by the higher of its rows, and 1.5
    assert [rows[code] for code in ("DVC.3.2", "DVC.3.2.1", "DVC.3.2.2")] == [50, 2, 1]
    assert [rows[code] for code in ("DVC.3.3", "DVC.3.3.1", "DVC.3.3.2")] == [50, 2, 1]
    assert [rows[code] for code in ("DVC.3.4", "DVC.3.4.1", "DVC.3.4.2")] == [
        Fraction(100, 3), 3, 1,
    ]  # fmt: skip


def test_the_comparison_of_forms() -> None:
    rows = [
        FormRow("2025Q3", "33", "3.1.1", 16_095),
        FormRow("2025Q3", "33", "3.1", Fraction(100 * 15_700, 16_095)),
        FormRow("2025Q3", "33", "3.2", None),
    ]
    found = [
        {"period": "2025Q3", "province_code": "33", "row_code": code, "value": value}
        for code, value in (
            ("3.1.1", Decimal(16_095)),
            ("3.1", Decimal("97.545821683752718")),
            ("3.2", None),
            ("DVC.3.1", Decimal("93.89")),  # its lower row is entered by hand
        )
    ]
    assert differences_in(FORM, rows, found) == []
    found[1]["value"] = Decimal("97.54")
    found[2]["value"] = Decimal(0)
    found[3]["row_code"] = "9.9"
    named = differences_in(FORM, rows, found)
    assert [line.split(":")[0].split(" ")[-1] for line in named] == ["3.1", "3.2", "9.9"]


def test_every_rate_is_a_ratio_of_the_rows_under_it() -> None:
    rows = form("2025Q1")
    assert rows.keys() >= RATES.keys()
    assert all(code.startswith(f"{rate}.") for rate, pair in RATES.items() for code in pair)
    assert all(rows[rate] is None for rate in RATES)
