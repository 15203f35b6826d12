"""A monthly release as its readers may see it: what letter, tables and pages are made of.

Numbers are exact; whoever prints them rounds them (`printing`).
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from service_index.publishing.edition import Edition


@dataclass(frozen=True)
class Points:
    """Points of a group and the most that could be had; both None where nothing applies."""

    points: Decimal | None
    maximum: Decimal | None


@dataclass(frozen=True)
class UnitScore:
    """A unit of the publishing province, or the province itself, in one month.

    `former_unit_*` is the district abolished by the last reform that gave a commune most.
    `rank` is within (month, unit type); None for units that are scored and not ranked.
    """

    unit_code: str
    unit_name: str
    unit_type: str
    parent_unit_code: str | None
    former_unit_code: str | None
    former_unit_name: str | None
    groups: dict[str, Points]
    raw_points: Decimal | None
    applicable_max_points: Decimal | None
    total_score: Decimal | None
    band: str | None
    ranking_status: str | None
    rank: int | None
    rank_out_of: int | None
    previous_rank: int | None
    is_series_break: bool


@dataclass(frozen=True)
class Criterion:
    """`counts` is what the denominator counts: dossiers, procedures, petitions or ratings.

    `suspended_because` is None unless publication of the criterion is suspended.
    """

    criterion_code: str
    group_code: str
    official_number: str
    official_subheading: str | None
    name_vi: str
    name_en: str
    max_points: Decimal
    basis: str
    applies_to: str
    target_rate: Decimal
    numerator_vi: str
    numerator_en: str
    denominator_vi: str
    denominator_en: str
    counts: str
    lead_unit: str | None
    cooperating_units: str | None
    suspended_because: str | None


@dataclass(frozen=True)
class CriterionScore:
    """`status` is scored, not_applicable or suspended; `withheld` is `n<5` or None.

    A withheld row has its score, but neither numerator, denominator nor rate.
    """

    unit_code: str
    criterion_code: str
    numerator: int | None
    denominator: int | None
    rate: Decimal | None
    max_points: Decimal | None
    score: Decimal | None
    status: str
    withheld: str | None


@dataclass(frozen=True)
class Compliance:
    """`basis` month or year_to_date; `field_code` `*` means all fields (`field_name` None)."""

    unit_code: str
    basis: str
    metric_code: str
    field_code: str
    field_name: str | None
    numerator: int | None
    denominator: int | None
    rate: Decimal | None
    target_rate: Decimal | None
    is_compliant: bool | None
    shortfall: int | None
    withheld: str | None


@dataclass(frozen=True)
class Cause:
    unit_code: str
    cause: str
    dossiers_failing: int | None
    dossiers_failing_only: int | None
    withheld: str | None


@dataclass(frozen=True)
class NationalRank:
    """A province in the national table; `groups` and `ranks` by group code."""

    province_code: str
    province_name: str
    groups: dict[str, Decimal]
    ranks: dict[str, int]
    total_score: Decimal
    rank: int
    rank_out_of: int
    computed_rank: int | None


@dataclass(frozen=True)
class NationalAverage:
    group_code: str
    average_score: Decimal
    max_points: Decimal | None
    province_count: int


@dataclass(frozen=True)
class LetterFigure:
    """A figure of the letter with its printed form; both None where there is none.

    `withheld` says why it is not to be printed: `suspended`, `n<5`, or None.
    """

    row_code: str
    position: int
    label_vi: str
    value: Decimal | None
    out_of: Decimal | None
    printed_value: str | None
    withheld: str | None
    criterion_code: str | None = None


@dataclass(frozen=True)
class Change:
    relation: str
    key: str
    column_name: str
    old_value: str | None
    new_value: str | None
    cause: str
    withheld: str | None


@dataclass(frozen=True)
class Revision:
    """What a release restates: the revision before it of the same month."""

    release_id: str
    units: dict[str, UnitScore]
    criterion_scores: dict[tuple[str, str], CriterionScore]


@dataclass(frozen=True)
class MonthRelease:
    """Everything a monthly release shows of its publishing province, in a fixed order.

    `units` has the province, too. `criterion_scores` is by (unit_code, criterion_code),
    `letter` by row_code. `national` and `averages` are empty without national results, `previous`
    is None for a first release.
    """

    edition: Edition
    units: dict[str, UnitScore]
    criteria: list[Criterion]
    criterion_scores: dict[tuple[str, str], CriterionScore]
    compliance: list[Compliance]
    causes: list[Cause]
    national: list[NationalRank]
    averages: dict[str, NationalAverage]
    letter: dict[str, LetterFigure]
    changes: list[Change]
    previous: Revision | None = None

    @property
    def province(self) -> UnitScore:
        return self.units[self.edition.province_code]


@dataclass(frozen=True)
class EarlierMonth(Revision):
    """Scores of a month before, by the release that was current when this one was made."""

    period: str
