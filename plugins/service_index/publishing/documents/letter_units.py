"""What the letter says about single units: their ranking and their way to the targets."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal

from service_index.publishing import labels
from service_index.publishing.documents.letterhead import by_type, ends_year, unit_names
from service_index.publishing.documents.wording import clean
from service_index.publishing.month import Compliance, EarlierMonth, MonthRelease, UnitScore

END_TO_END = "end_to_end_online"
ALL_FIELDS = "*"
NAMED = 5  # units of a type that the letter itself names

# Stands where a unit has no row: every number of it is printed as none.
NO_ROW = Compliance(
    unit_code="",
    basis="",
    metric_code="",
    field_code="",
    field_name=None,
    numerator=None,
    denominator=None,
    rate=None,
    target_rate=None,
    is_compliant=None,
    shortfall=None,
    withheld=None,
)


@dataclass(frozen=True)
class RankedUnit:
    """`moved` is how many places it rose since last month, None where there is no comparison."""

    name: str
    rank: int
    total: Decimal | None
    band: str | None
    moved: int | None
    online: Compliance


@dataclass(frozen=True)
class Ranking:
    """Units of a type by rank; `out_of` how many were ranked."""

    unit_type: str
    label: str
    out_of: int
    units: list[RankedUnit]


@dataclass(frozen=True)
class UnrankedUnit:
    """`because` is the reason in words, None where none is known."""

    name: str
    label: str
    total: Decimal | None
    because: str | None


@dataclass(frozen=True)
class JudgedUnit:
    """Its verdict is official, also where the numbers of its row are withheld."""

    name: str
    online: Compliance


@dataclass(frozen=True)
class TargetOfType:
    """How the units of a type stand to the end-to-end target.

    `below` miss it, `met` meet it, the lowest rate first and rates that are withheld last; of
    `withheld`, judged or not, no numbers are published.
    """

    unit_type: str
    label: str
    below: list[JudgedUnit]
    met: list[JudgedUnit]
    withheld: int

    @property
    def judged(self) -> int:
        return len(self.below) + len(self.met)

    @property
    def lowest(self) -> list[JudgedUnit]:
        """Those below that the letter names."""
        if len(self.below) <= NAMED:
            return self.below
        return [unit for unit in self.below if unit.online.withheld is None][:NAMED]


@dataclass(frozen=True)
class Target:
    """`rate` is the target where all units have the same; `province` has its row by basis.

    `is_whole_year`: whether every earlier month of the year is published, too; where one is not,
    the year's figures tell of what the warehouse holds.
    """

    rate: Decimal | None
    is_set: bool
    is_whole_year: bool
    province: dict[str, Compliance]
    types: list[TargetOfType]

    @property
    def below(self) -> int:
        return sum(len(of_type.below) for of_type in self.types)

    @property
    def judged(self) -> int:
        return sum(of_type.judged for of_type in self.types)

    @property
    def has_withheld(self) -> bool:
        rows = self.province.values()
        return any(t.withheld for t in self.types) or any(row.withheld for row in rows)


def rankings(release: MonthRelease) -> list[Ranking]:
    """A ranking per type of unit that has one, ties in the order of codes."""
    online = _online(release, "month")
    names = unit_names(release)
    found = []
    for unit_type, units in by_type(release.units.values()).items():
        ranked = sorted(
            (unit for unit in units if unit.rank is not None),
            key=lambda unit: (unit.rank or 0, unit.unit_code),
        )
        if ranked and unit_type != "province":
            rows = [_ranked(unit, names[unit.unit_code], online) for unit in ranked]
            out_of = ranked[0].rank_out_of or len(ranked)
            found.append(Ranking(unit_type, unit_type_label(unit_type), out_of, rows))
    return found


def _ranked(unit: UnitScore, name: str, online: dict[str, Compliance]) -> RankedUnit:
    is_comparable = unit.previous_rank is not None and not unit.is_series_break
    return RankedUnit(
        name=name,
        rank=unit.rank or 0,
        total=unit.total_score,
        band=None if unit.band is None else clean(unit.band),
        moved=(unit.previous_rank or 0) - (unit.rank or 0) if is_comparable else None,
        online=online.get(unit.unit_code, NO_ROW),
    )


def unranked(release: MonthRelease) -> list[UnrankedUnit]:
    """Units without a rank, but for the province, whose rank is the national one."""
    names = unit_names(release)
    return [
        UnrankedUnit(
            name=names[unit.unit_code],
            label=unit_type_label(unit_type),
            total=unit.total_score,
            because=_why_unranked(unit.ranking_status),
        )
        for unit_type, units in by_type(release.units.values()).items()
        for unit in units
        if unit.rank is None and unit_type != "province"
    ]


def _why_unranked(status: str | None) -> str | None:
    if status is None:
        return None
    label = labels.NOT_RANKED.get(status)
    return clean(status) if label is None else label.vi


def target(release: MonthRelease, earlier: Iterable[EarlierMonth]) -> Target:
    """Where the units stand to their end-to-end target in all fields, by the basis that counts.

    That is the month; when the year is over, the year.
    """
    online = _online(release, "year_to_date" if ends_year(release.edition) else "month")
    month = release.edition.month
    published = {before.period for before in earlier}
    names = unit_names(release)
    rates = {row.target_rate for row in online.values() if row.target_rate is not None}
    province = release.edition.province_code
    return Target(
        rate=rates.pop() if len(rates) == 1 else None,
        is_set=any(row.target_rate is not None for row in online.values()),
        is_whole_year=published.issuperset(
            f"{month.replace(month=before):%Y-%m}" for before in range(1, month.month)
        ),
        province={basis: _online(release, basis).get(province, NO_ROW) for basis in labels.BASES},
        types=[
            _target_of_type(unit_type, units, names, online)
            for unit_type, units in by_type(release.units.values()).items()
            if unit_type != "province"
        ],
    )


def _target_of_type(
    unit_type: str,
    units: Iterable[UnitScore],
    names: dict[str, str],
    online: dict[str, Compliance],
) -> TargetOfType:
    rows = [online[unit.unit_code] for unit in units if unit.unit_code in online]
    judged = [
        (row.is_compliant, JudgedUnit(names[row.unit_code], row))
        for row in sorted(rows, key=_by_rate)
    ]
    return TargetOfType(
        unit_type=unit_type,
        label=unit_type_label(unit_type),
        below=[unit for is_compliant, unit in judged if is_compliant is False],
        met=[unit for is_compliant, unit in judged if is_compliant],
        withheld=sum(row.withheld is not None for row in rows),
    )


def _by_rate(row: Compliance) -> tuple[bool, Decimal, str]:
    return row.rate is None, row.rate or Decimal(0), row.unit_code


def _online(release: MonthRelease, basis: str) -> dict[str, Compliance]:
    return {
        row.unit_code: row
        for row in release.compliance
        if (row.metric_code, row.basis, row.field_code) == (END_TO_END, basis, ALL_FIELDS)
    }


def unit_type_label(unit_type: str) -> str:
    label = labels.UNIT_TYPES.get(unit_type)
    return clean(unit_type) if label is None else label.vi
