"""Petitions: about regulations, which the quarterly form counts, and about conduct."""

import numpy as np

from simulator.draws import Draws, Ints
from simulator.plan import Plan
from simulator.population import NOW, QUARTER_START
from simulator.rhythm import (
    CLOSING_TIME,
    DAY,
    HOUR,
    WORKDAY,
    from_working_time,
    instant,
    stamp,
    workday_start,
    working_time,
)
from simulator.side_records import Row

NEW, IN_PROCESS, ANSWERED, REFUSED = "1", "2", "3", "4"
# Working days within which an answer is due.
_TERM = 15
# What comes by then is answered before mid-September.
_LAST_ANSWERABLE = instant(2025, 8, 26)
_MARKS = ("", "HL", "RHL", "HL", "", "RHL", "HL", "BT", "", "HL", "RHL", "KHL")


class PetitionWriter:
    """Collects petitions with their answers and due dates."""

    def __init__(self, unit_codes: list[str], draws: Draws) -> None:
        """`unit_codes`: who may be petitioned, in either period."""
        self._unit_codes = unit_codes
        self._draws = draws
        self.rows: list[Row] = []

    def add(
        self,
        kind: str,
        received: Ints,
        answered: Ints,
        late_share: float = 0.0,
        state: str | None = None,
        deleted: bool = False,
    ) -> None:
        """Petitions of one kind ("1", "2" or "" for not told); `answered` 0: not yet."""
        due = workday_start(working_time(received) // WORKDAY + _TERM) + CLOSING_TIME
        late = (self._draws.uniform(len(received)) < late_share) & (answered > received + 3 * DAY)
        due = np.where(late, answered // DAY * DAY - 2 * DAY + CLOSING_TIME, due)
        unit = self._draws.integers(0, len(self._unit_codes), len(received))
        touched = np.maximum(answered, received) + 120
        columns = (unit, stamp(received), stamp(answered), stamp(due), stamp(touched))
        for unit_at, came, replied, due_at, version in zip(
            *(column.tolist() for column in columns), strict=True
        ):
            place = len(self.rows)
            key = f"PA-{came // 1_000_000 % 1_000_000:06d}-{place:04d}"
            record = {
                "MaPAKN": key,
                "MaDonVi": self._unit_codes[unit_at],
                "LoaiPAKN": kind,
                "TieuDe": f"Phản ánh mẫu số {place}",
                "HoTen": f"Nguyễn Văn Mẫu {place}",
                "SoDienThoai": f"000{place:07d}",
                "NgayTiepNhan": str(came),
                "NgayHenTraLoi": str(due_at),
                "NgayTraLoi": str(replied or ""),
                "TrangThai": state or (ANSWERED if replied else (NEW, IN_PROCESS)[place % 2]),
                "MucDoHaiLong": _MARKS[place % len(_MARKS)] if replied else "",
                "DaXoa": "1" if deleted else "0",
                "NgayCapNhat": str(version),
            }
            self.rows.append((version, key, record))


def petition_rows(
    plan: Plan, units_in_march: list[str], units_in_quarter: list[str], draws: Draws
) -> list[Row]:
    """All petitions: those of March, and those of the quarter with the form's exact counts."""
    figures = plan.petitions
    march = PetitionWriter(units_in_march, draws)
    received = _office_instants(draws, instant(2025, 3, 3), instant(2025, 3, 25), figures.in_march)
    answered = _answer(draws, received, 9)
    march.add("1", received[::2], answered[::2])
    march.add("2", received[1::2], answered[1::2], late_share=0.1)

    quarter = PetitionWriter(units_in_quarter, draws)
    about = figures.about_regulations_answered
    waiting = figures.about_regulations - about
    received = _office_instants(draws, QUARTER_START, _LAST_ANSWERABLE, about)
    answered = _answer(draws, received, _TERM - 4)
    quarter.add("1", received[5:], answered[5:])
    # Without a kind, a petition is one about regulations.
    quarter.add("", received[:5], answered[:5])
    # Received late enough that no answer is due before mid-September.
    received = _office_instants(draws, instant(2025, 8, 28), NOW - DAY, waiting)
    quarter.add("1", received, np.zeros_like(received))
    received = _office_instants(draws, QUARTER_START, _LAST_ANSWERABLE, figures.about_conduct)
    answered = _answer(draws, received, _TERM - 5)
    quarter.add("2", received, answered, late_share=0.15)
    _add_uncounted(quarter, draws)
    return march.rows + quarter.rows


def _add_uncounted(writer: PetitionWriter, draws: Draws) -> None:
    """Of June, answered in July; refused; tombstoned."""
    received = _office_instants(draws, instant(2025, 6, 20), instant(2025, 6, 30), 4)
    writer.add("1", received, QUARTER_START + 9 * HOUR + (received - received.min()) // 4)
    received = _office_instants(draws, QUARTER_START, instant(2025, 9, 1), 6)
    writer.add("1", received[:4], np.zeros(4, dtype=np.int64), state=REFUSED)
    writer.add("2", received[4:], np.zeros(2, dtype=np.int64), deleted=True)


def _office_instants(draws: Draws, first: int, last: int, count: int) -> Ints:
    """Instants in office hours between two instants."""
    low, high = working_time(np.array([first, last])).tolist()
    return from_working_time(draws.integers(low, high, count))


def _answer(draws: Draws, received: Ints, most_days: int) -> Ints:
    """An answer within so many working days."""
    taken = draws.integers(WORKDAY // 4, most_days * WORKDAY, len(received))
    return from_working_time(working_time(received) + taken)
