"""The independent calculation on hand-worked cases: criteria about procedure rows."""

from __future__ import annotations

from datetime import date, datetime

import pytest

from tests.oracle import Delivery, OracleResult, calculate
from tests.oracle.cases import (
    APRIL,
    CUTOFF,
    JULY,
    JUNE,
    MARCH,
    MERGED,
    POLICY,
    UNITS,
    Json,
    procedure,
    score,
    tally,
    unit,
)
from tests.oracle.fields import ICT

MAY = date(2025, 5, 1)
OF_ACTIVE = ("03", "06", "10", "17")
ALL_MET = {"DuNoiDung": "1", "CoPhi": "1", "TichHopThanhToanQG": "1", "KetNoiCSDLDC": "1"}
# Two departments end with June, one of them with a successor; another begins in July.
DEPARTMENTS = [
    unit("33", "tinh"),
    unit("S1", "so"),
    unit("S2", "so", until="20250630", MaDonViKeThua="S1"),
    unit("S3", "so", until="20250630"),
    unit("S4", "so", since="20250701"),
]


def fetched(*snapshots: tuple[datetime, list[Json]], months: tuple[date, ...]) -> OracleResult:
    """The result of snapshots of procedures fetched at several instants."""
    deliveries = [Delivery("units", UNITS, CUTOFF)]
    deliveries += [Delivery("procedures", rows, when) for when, rows in snapshots]
    return calculate(deliveries, months, CUTOFF, POLICY)


def of_s(*rows: Json) -> list[Json]:
    """The rows, offered by the department S."""
    return [row | {"MaDonVi": "S"} for row in rows]


@pytest.mark.parametrize(
    ("deadline", "done", "march", "april"),
    [
        ("20241231", "20241230", (0, 0), (0, 0)),  # of the year before
        ("20250101", "20250101", (1, 1), (1, 1)),  # on the last day allowed
        ("20250101", "20250102", (0, 1), (0, 1)),  # a day late
        ("20250331", "20240101", (1, 1), (1, 1)),
        ("20250331", "", (0, 1), (0, 1)),
        ("20250401", "20250331", (0, 0), (1, 1)),  # not due yet in March
        ("20250501", "20250301", (0, 0), (0, 0)),
        ("20260331", "20250301", (0, 0), (0, 0)),  # the same month of another year
        ("", "20250301", (0, 0), (0, 0)),
    ],
)
def test_deadlines_of_the_year_up_to_the_end_of_the_month(
    deadline: str, done: str, march: tuple[int, int], april: tuple[int, int]
) -> None:
    published = procedure(unit_code="S", HanCongBo=deadline, NgayCongBo=done)
    disclosed = procedure(unit_code="S", HanCongKhai=deadline, NgayCongKhai=done)
    for criterion, row in (("01", published), ("02", disclosed)):
        result = score(MARCH, APRIL, procedures=[row])
        for code in ("S", "33"):
            assert tally(result, criterion, code, MARCH) == march
            assert tally(result, criterion, code, APRIL) == april
    assert tally(score(MARCH, procedures=[published]), "02", "S") == (0, 0)


def test_a_deadline_on_the_last_day_of_the_open_month_is_due() -> None:
    cutoff = datetime(2025, 3, 12, 13, tzinfo=ICT)
    rows = [
        procedure(f"1.{day}", "S", HanCongBo=f"202503{day}", NgayCongBo="20250310")
        for day in (11, 12, 13)
    ]
    assert tally(score(MARCH, cutoff=cutoff, procedures=rows), "01", "S") == (2, 2)
    # The last day of the month is the 11th if the cut-off is its end.
    midnight = datetime(2025, 3, 12, tzinfo=ICT)
    assert tally(score(MARCH, cutoff=midnight, procedures=rows), "01", "S") == (1, 1)


def test_deadlines_of_abolished_and_ended_procedures_still_count() -> None:
    due = {"HanCongBo": "20250115", "NgayCongBo": "20250114", "DuNoiDung": "1"}
    rows = of_s(
        procedure("1.1", TrangThai="0", **due),
        procedure("1.2", HieuLucDen="20250228", **due),
        procedure("1.3", HieuLucTu="20250401", **due),
        procedure("1.4", **due),
    )
    result = score(MARCH, procedures=rows)
    assert tally(result, "01", "S") == tally(result, "01", "33") == (4, 4)
    assert tally(result, "03", "S") == tally(result, "03", "33") == (1, 1)


@pytest.mark.parametrize(
    ("validity", "march", "april"),
    [
        ({}, 1, 1),
        ({"HieuLucTu": "20250331"}, 1, 1),
        ({"HieuLucTu": "20250401"}, 0, 1),
        ({"HieuLucDen": "20250331"}, 1, 0),
        ({"HieuLucDen": "20250330"}, 0, 0),
        ({"HieuLucTu": "20250401", "HieuLucDen": "20250429"}, 0, 0),
        ({"TrangThai": "0"}, 0, 0),
    ],
)
def test_a_procedure_is_active_on_the_last_day_of_the_month(
    validity: Json, march: int, april: int
) -> None:
    result = score(MARCH, APRIL, procedures=of_s(procedure(**ALL_MET) | validity))
    for criterion in OF_ACTIVE:
        for code in ("S", "33"):
            assert tally(result, criterion, code, MARCH) == (march, march)
            assert tally(result, criterion, code, APRIL) == (april, april)


def test_the_open_month_ends_on_the_day_of_the_cut_off() -> None:
    cutoff = datetime(2025, 3, 12, 13, tzinfo=ICT)
    rows = of_s(
        procedure("1.1", HieuLucDen="20250311"),
        procedure("1.2", HieuLucDen="20250312"),
        procedure("1.3", HieuLucTu="20250312"),
        procedure("1.4", HieuLucTu="20250313"),
    )
    assert tally(score(MARCH, cutoff=cutoff, procedures=rows), "06", "S") == (2, 2)


def test_each_criterion_of_active_procedures_looks_at_its_own_attribute() -> None:
    rows = of_s(
        procedure("1.1", level="4"),
        procedure("1.2", level="3"),
        procedure("1.3", level="2", DuNoiDung="1"),
        procedure("1.4", level="2", KetNoiCSDLDC="1", CoPhi=""),
        procedure("1.5", level="2", CoPhi="1", TichHopThanhToanQG="1"),
        procedure("1.6", level="2", CoPhi="1", TichHopThanhToanQG="0"),
        # Integrated without a fee: not asked.
        procedure("1.7", level="2", CoPhi="0", TichHopThanhToanQG="1"),
    )
    result = score(MARCH, procedures=rows)
    found = [tally(result, criterion, "S") for criterion in OF_ACTIVE]
    assert found == [(1, 7), (2, 7), (1, 2), (1, 7)]


def test_a_unit_counts_rows_and_the_province_codes_of_which_every_row_must_do() -> None:
    rows = [
        # All do; one does not; the second of three does not count, being abolished.
        procedure("1.1", "S", "4"),
        procedure("1.1.000.00.00.H33", "A", "3"),
        procedure("1.2", "S", "4"),
        procedure("1.2", "A", "2"),
        procedure("1.3", "S", "4"),
        procedure("1.3", "A", "2", TrangThai="0"),
        procedure("1.3", "N", "4"),
        # The province's own row is one of the code's rows.
        procedure("1.3", "33", "3"),
        procedure("1.4", "33", "2"),
    ]
    result = score(MARCH, procedures=rows)
    assert tally(result, "06", "S") == (3, 3)
    assert tally(result, "06", "A") == (1, 2)
    assert tally(result, "06", "N") == (1, 1)
    assert tally(result, "06", "B") == (0, 0)
    assert tally(result, "06", "33") == (2, 4)


def test_only_rows_in_the_denominator_can_spoil_a_code_of_the_province() -> None:
    kept = {"HanCongBo": "20250201", "NgayCongBo": "20250201"}
    missed = {"HanCongBo": "20250201", "NgayCongBo": "20250202"}
    rows = [
        procedure("1.1", "S", **kept),
        procedure("1.1", "A", **missed | {"HanCongBo": "20241231"}),
        procedure("1.2", "S", **kept),
        procedure("1.2", "A", **missed),
        procedure("1.3", "S", CoPhi="1", TichHopThanhToanQG="1"),
        procedure("1.3", "A", CoPhi="0", TichHopThanhToanQG="0"),
    ]
    result = score(MARCH, procedures=rows)
    assert tally(result, "01", "S") == (2, 2)
    assert tally(result, "01", "33") == (1, 2)
    assert tally(result, "10", "33") == (1, 1)
    assert tally(result, "10", "A") == (0, 0)


def test_criteria_of_publication_are_for_the_province_and_its_departments() -> None:
    due = {"HanCongBo": "20250201", "HanCongKhai": "20250201"}
    rows = [procedure("1.1", unit_code, **due) for unit_code in ("33", "S", "A", "N")]
    result = score(MARCH, procedures=rows)
    for criterion in ("01", "02", "03"):
        assert [tally(result, criterion, code) for code in ("S", "33")] == [(0, 1), (0, 1)]
        assert [tally(result, criterion, code) for code in "AN"] == [(None, None)] * 2
    assert [tally(result, "06", code) for code in "AN"] == [(1, 1), (1, 1)]


def test_rows_of_an_abolished_unit_count_for_its_successor() -> None:
    rows = [
        procedure("1.1", "S1", "4"),
        procedure("1.1", "S2", "2"),  # with its successor's own row: two rows, one code
        procedure("1.2", "S2", "4"),
        procedure("1.3", "S3", "4"),  # nobody follows: the province only
        procedure("1.4", "S4", "2"),  # not there before July
    ]
    result = score(JUNE, JULY, units=DEPARTMENTS, procedures=rows)
    june = [tally(result, "06", code, JUNE) for code in ("S1", "S2", "S3", "33")]
    assert june == [(1, 1), (1, 2), (1, 1), (2, 4)]
    july = [tally(result, "06", code, JULY) for code in ("S1", "S4", "33")]
    assert july == [(2, 3), (0, 1), (2, 4)]


def test_deadlines_follow_the_unit_of_the_month_and_the_merger() -> None:
    due = {"HanCongBo": "20250201", "NgayCongBo": "20250201"}
    late = {"HanCongBo": "20250201", "NgayCongBo": "20250301"}
    rows = [
        procedure("1.1", "100", level="2"),
        procedure("1.1", "102", level="4"),
        procedure("1.2", "34", **due),  # the old province's own row
        procedure("1.2", "33", **late),
        procedure("1.3", "105", **due),  # of 34, without successor
    ]
    result = score(JUNE, JULY, units=MERGED, procedures=rows)
    # In June 100 is the commune of 34; from July it is another, and stands for 102 too.
    assert tally(result, "06", "100", JUNE) == (0, 1)
    assert tally(result, "06", "34", JUNE) == (2, 3)
    assert tally(result, "06", "33", JUNE) == (2, 2)
    assert tally(result, "06", "100", JULY) == (1, 2)
    assert tally(result, "06", "33", JULY) == (2, 3)
    assert tally(result, "01", "34", JUNE) == (2, 2)
    assert tally(result, "01", "33", JUNE) == (0, 1)
    assert tally(result, "01", "33", JULY) == (1, 2)


def test_a_snapshot_holds_from_the_day_in_vietnam_on_which_it_was_fetched() -> None:
    result = fetched(
        (datetime(2025, 3, 10, tzinfo=ICT), of_s(procedure(level="4"))),
        # 30 April, 23:59:59 in Vietnam; then 1 May: still April in UTC.
        (datetime(2025, 4, 30, 23, 59, 59, tzinfo=ICT), of_s(procedure(level="2"))),
        (datetime(2025, 5, 1, tzinfo=ICT), of_s(procedure(level="3"))),
        months=(date(2025, 1, 1), MARCH, APRIL, MAY),
    )
    # Before the first snapshot the first one.
    assert tally(result, "06", "S", date(2025, 1, 1)) == (1, 1)
    assert tally(result, "06", "S", MARCH) == (1, 1)
    assert tally(result, "06", "S", APRIL) == (0, 1)
    assert tally(result, "06", "S", MAY) == (1, 1)


def test_of_several_snapshots_of_a_day_the_last_one_holds() -> None:
    due = {"HanCongBo": "20250201"}
    result = fetched(
        (datetime(2025, 3, 31, 8, tzinfo=ICT), of_s(procedure(level="4", **due))),
        (
            datetime(2025, 3, 31, 20, tzinfo=ICT),
            of_s(procedure(level="2", **due, NgayCongBo="20250201")),
        ),
        months=(date(2025, 2, 1), MARCH),
    )
    assert tally(result, "06", "S", MARCH) == (0, 1)
    assert tally(result, "01", "S", MARCH) == (1, 1)
    # Before the first snapshot the first one, and not the last one of its day.
    assert tally(result, "06", "S", date(2025, 2, 1)) == (1, 1)
    assert tally(result, "01", "S", date(2025, 2, 1)) == (0, 1)


def test_the_open_month_has_the_snapshot_of_its_last_day_also_after_the_cut_off() -> None:
    rows = [of_s(procedure(level=level)) for level in "24"]
    landed = [datetime(2025, 3, 12, hour, tzinfo=ICT) for hour in (1, 18)]
    deliveries = [Delivery("units", UNITS, CUTOFF)]
    deliveries += [
        Delivery("procedures", served, when) for served, when in zip(rows, landed, strict=True)
    ]
    noon = datetime(2025, 3, 12, 12, tzinfo=ICT)
    assert tally(calculate(deliveries, [MARCH], noon, POLICY), "06", "S") == (1, 1)


def test_a_vanished_row_is_abolished_until_it_comes_back_and_its_deadlines_stay() -> None:
    row = procedure("1.1", HanCongBo="20250201", NgayCongBo="20250201", DuNoiDung="1")
    other = procedure("1.2", level="2")
    result = fetched(
        (datetime(2025, 3, 10, tzinfo=ICT), of_s(row, other)),
        (datetime(2025, 4, 10, tzinfo=ICT), of_s(other)),
        (datetime(2025, 5, 10, tzinfo=ICT), of_s(row | {"NgayCongBo": "20250202"}, other)),
        months=(MARCH, APRIL, MAY),
    )
    for code in ("S", "33"):
        active = [tally(result, "06", code, month) for month in (MARCH, APRIL, MAY)]
        assert active == [(1, 2), (0, 1), (1, 2)]
        due = [tally(result, "01", code, month) for month in (MARCH, APRIL, MAY)]
        assert due == [(1, 1), (1, 1), (0, 1)]
    assert tally(result, "03", "S", APRIL) == (0, 1)


def test_a_row_that_vanishes_on_its_first_day_was_active_before() -> None:
    row, other = procedure("1.1", HanCongBo="20250201"), procedure("1.2")
    result = fetched(
        (datetime(2025, 3, 31, 8, tzinfo=ICT), of_s(row)),
        (datetime(2025, 3, 31, 20, tzinfo=ICT), of_s(other)),
        months=(date(2025, 2, 1), MARCH),
    )
    february, march = (tally(result, "06", "S", month) for month in (date(2025, 2, 1), MARCH))
    assert (february, march) == ((2, 2), (1, 1))
    assert tally(result, "01", "S", MARCH) == (0, 1)


def test_a_spoilt_row_has_not_vanished_and_the_earlier_good_one_stands() -> None:
    result = fetched(
        (datetime(2025, 3, 10, tzinfo=ICT), of_s(procedure(DuNoiDung="1"))),
        (datetime(2025, 4, 10, tzinfo=ICT), of_s(procedure(level="5", DuNoiDung="0"))),
        months=(MARCH, APRIL),
    )
    assert tally(result, "03", "S", APRIL) == tally(result, "06", "S", APRIL) == (1, 1)
    assert result.refused == {"procedures": 1}
