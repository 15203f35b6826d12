"""The figures that the generated province must show, as data.

`FULL` holds the counts published by the province's office, completed where its papers leave a
number open or contradict each other (said beside each such number). `SMALL` has the same shape in
two thousand dossiers, for tests. Every count is exact in the served records, by the definitions
of the index.
"""

from dataclasses import dataclass

# Types of handling units and the two sides that the quarterly form tells apart.
DEPARTMENT, DISTRICT, COMMUNE, VERTICAL = "so", "huyen", "xa", "nganh_doc"


@dataclass(frozen=True)
class MarchFigures:
    """March 2025: what the letter of that month says, and what completes it.

    `received` counts dossiers by the type of the unit that received them, separately for
    procedures offered online (level 3 or 4) and for those that are not.
    """

    received: dict[str, int]
    received_not_offered_online: dict[str, int]
    received_online: int
    received_by_post: int
    digitised: int
    reused: int
    with_fee: int
    paid_online: int
    carried_over: int
    resolved: int
    resolved_on_time: int
    electronic_results: int
    withdrawn_or_stopped: int
    ratings: int
    satisfied: int
    # Still open on 1 July: the late tail, by side.
    open_on_1_july: dict[str, int]

    @property
    def total_received(self) -> int:
        """Dossiers received in March."""
        return sum(self.received.values()) + sum(self.received_not_offered_online.values())

    @property
    def open_at_end(self) -> int:
        """Dossiers open at the end of March, by the balance."""
        return self.total_received + self.carried_over - self.resolved - self.withdrawn_or_stopped


@dataclass(frozen=True)
class SideFigures:
    """One side of the third quarter: departments, or communes.

    `received` counts dossiers by online level of their procedure (4, 3, 2).
    """

    carried_over: int
    received: dict[int, int]
    resolved: int
    resolved_on_time: int
    withdrawn_or_stopped: int
    open_overdue: int

    @property
    def total_received(self) -> int:
        """Dossiers received in the quarter."""
        return sum(self.received.values())

    @property
    def open_at_end(self) -> int:
        """Dossiers open at the cut-off, by the balance."""
        incoming = self.carried_over + self.total_received
        return incoming - self.resolved - self.withdrawn_or_stopped


@dataclass(frozen=True)
class QuarterFigures:
    """1 July to 15 September 2025, read as one period."""

    sides: dict[str, SideFigures]
    received_online: dict[int, int]
    ratings: int
    satisfied: int


@dataclass(frozen=True)
class PetitionFigures:
    """Petitions of the quarter; those about regulations are the form's."""

    about_regulations: int
    about_regulations_answered: int
    about_conduct: int
    in_march: int


@dataclass(frozen=True)
class Plan:
    """Everything that fixes the size of a generated province."""

    march: MarchFigures
    quarter: QuarterFigures
    petitions: PetitionFigures
    # Records that count nowhere: submitted only, refused, tombstoned.
    submitted_only: int
    refused: int
    tombstoned: int
    # Share of the procedure rows that no dossier uses which the snapshot carries.
    unused_procedure_rows: float


FULL = Plan(
    march=MarchFigures(
        # 39,070 in all: the letter's 168 dossiers with reuse are 0.43 % of them. The split by
        # type of unit is invented.
        received={DEPARTMENT: 8_330, DISTRICT: 8_100, COMMUNE: 21_650, VERTICAL: 220},
        received_not_offered_online={DEPARTMENT: 270, COMMUNE: 500},
        received_online=26_772,  # of 38,300: 69.90 %
        received_by_post=120,
        digitised=32_397,  # of 39,070: 82.92 %
        reused=168,
        with_fee=12_500,
        paid_online=3_885,  # 31.08 %
        carried_over=1_420,
        resolved=38_200,
        resolved_on_time=36_890,  # 96.57 %
        electronic_results=32_352,  # 84.69 %
        withdrawn_or_stopped=180,
        ratings=8_000,
        satisfied=7_912,  # 98.9 %
        open_on_1_july={DEPARTMENT: 12, COMMUNE: 48},
    ),
    quarter=QuarterFigures(
        # Carried over 1,730, received 266,192. The form counts 115,479 and 148,667 dossiers of
        # full and partial online services, 103,470 and 137,236 of them online, together more
        # than the 240,427 received online; the partial ones give way, the rates stay.
        sides={
            DEPARTMENT: SideFigures(
                carried_over=230,
                received={4: 7_600, 3: 9_500, 2: 400},
                resolved=16_095,
                resolved_on_time=15_700,
                withdrawn_or_stopped=605,
                open_overdue=97,
            ),
            COMMUNE: SideFigures(
                carried_over=1_500,
                received={4: 107_879, 3: 138_858, 2: 1_955},
                resolved=230_561,
                resolved_on_time=228_831,
                withdrawn_or_stopped=10_813,
                open_overdue=486,
            ),
        },
        received_online={4: 103_470, 3: 136_957},  # 89.60 % and 92.31 %
        ratings=45_000,
        satisfied=44_145,
    ),
    petitions=PetitionFigures(
        about_regulations=70, about_regulations_answered=45, about_conduct=64, in_march=37
    ),
    submitted_only=350,
    refused=480,
    tombstoned=120,
    unused_procedure_rows=1.0,
)

SMALL = Plan(
    march=MarchFigures(
        received={DEPARTMENT: 64, DISTRICT: 62, COMMUNE: 164, VERTICAL: 4},
        received_not_offered_online={DEPARTMENT: 2, COMMUNE: 4},
        received_online=206,
        received_by_post=3,
        digitised=249,
        reused=2,
        with_fee=96,
        paid_online=30,
        carried_over=11,
        resolved=293,
        resolved_on_time=283,
        electronic_results=248,
        withdrawn_or_stopped=2,
        ratings=60,
        satisfied=59,
        open_on_1_july={DEPARTMENT: 1, COMMUNE: 3},
    ),
    quarter=QuarterFigures(
        sides={
            DEPARTMENT: SideFigures(
                carried_over=3,
                received={4: 60, 3: 74, 2: 4},
                resolved=128,
                resolved_on_time=125,
                withdrawn_or_stopped=5,
                open_overdue=1,
            ),
            COMMUNE: SideFigures(
                carried_over=11,
                received={4: 700, 3: 880, 2: 12},
                resolved=1_478,
                resolved_on_time=1_467,
                withdrawn_or_stopped=69,
                open_overdue=3,
            ),
        },
        received_online={4: 681, 3: 881},
        ratings=300,
        satisfied=294,
    ),
    petitions=PetitionFigures(
        about_regulations=70, about_regulations_answered=45, about_conduct=12, in_march=8
    ),
    submitted_only=6,
    refused=8,
    tombstoned=4,
    unused_procedure_rows=0.04,
)

PLANS = {"full": FULL, "small": SMALL}
