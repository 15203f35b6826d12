"""Petitions: about regulations, which the quarterly form counts, and about conduct."""

from collections.abc import Sequence

import numpy as np

from simulator.canaries import NAME_MARK, NUMBER_MARK
from simulator.draws import Draws, Ints
from simulator.plan import MarchPetitions, Plan
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
# Marks of the quarter's answers, in turn: how many applicants rate them, and how, is invented.
_SATISFIED = ("HL", "RHL", "HL")
_MARKS = (*_SATISFIED, "", *_SATISFIED, "BT", *_SATISFIED, "", *_SATISFIED, "", "RHL", "KHL")


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
        marks: Sequence[str] = _MARKS,
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
                "TieuDe": f"Phản ánh mẫu số {place} của ông {NAME_MARK}",
                "HoTen": f"Nguyễn Văn Mẫu {NAME_MARK} {place}",
                "SoDienThoai": f"{NUMBER_MARK}{place % 10_000:04d}",
                "NgayTiepNhan": str(came),
                "NgayHenTraLoi": str(due_at),
                "NgayTraLoi": str(replied or ""),
                "TrangThai": state or (ANSWERED if replied else (NEW, IN_PROCESS)[place % 2]),
                "MucDoHaiLong": marks[place % len(marks)] if replied else "",
                "DaXoa": "1" if deleted else "0",
                "NgayCapNhat": str(version),
            }
            self.rows.append((version, key, record))


def petition_rows(
    plan: Plan, units_in_march: list[str], units_in_quarter: list[str], draws: Draws
) -> list[Row]:
    """All petitions: those of March, and those of the quarter with the form's exact counts."""
    march = PetitionWriter(units_in_march, draws)
    _add_march(march, plan.march_petitions, draws)

    figures = plan.petitions
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
    for last, count, most_days in (
        (_LAST_ANSWERABLE, figures.about_conduct - figures.about_conduct // 3, _TERM - 5),
        (instant(2025, 9, 3), figures.about_conduct // 3, _TERM - 7),
    ):
        received = _office_instants(draws, QUARTER_START, last, count)
        quarter.add("2", received, _answer(draws, received, most_days), late_share=0.15)
    _add_uncounted(quarter, draws)
    return march.rows + quarter.rows


def _add_march(writer: PetitionWriter, figures: MarchPetitions, draws: Draws) -> None:
    """Answered in March, on time; due in it and answered in April; of late March, answered then."""
    received = _office_instants(draws, instant(2025, 3, 3), instant(2025, 3, 18), figures.answered)
    answered = _answer(draws, received, 9)
    unsatisfied = figures.rated - figures.satisfied
    marks = [_SATISFIED[place % 3] for place in range(figures.satisfied)]
    marks += [("BT", "KHL")[place % 2] for place in range(unsatisfied)]
    marks += [""] * (figures.answered - figures.rated)
    shuffled = [marks[place] for place in draws.shuffle(np.arange(figures.answered)).tolist()]
    writer.add("1", received[::2], answered[::2], marks=shuffled)
    writer.add("2", received[1::2], answered[1::2], marks=shuffled)
    received = _office_instants(draws, instant(2025, 3, 3), instant(2025, 3, 7), figures.overdue)
    writer.add("2", received, np.full_like(received, instant(2025, 4, 3, 9)))
    received = _office_instants(draws, instant(2025, 3, 26), instant(2025, 3, 31), 6)
    writer.add("1", received, instant(2025, 4, 8, 9) + received % DAY // 4)


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
