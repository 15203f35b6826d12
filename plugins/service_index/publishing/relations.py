"""Which marts a release freezes, and what each of their columns is to a release."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum, auto

GROUPS = (
    "transparency",
    "timeliness",
    "online_service",
    "online_payment",
    "digitisation",
    "satisfaction",
)


class Role(Enum):
    """What a column is to the content of a release."""

    PERIOD = auto()  # the same on every row of a release
    KEY = auto()
    RESULT = auto()  # a number, or a verdict that follows from numbers: content
    LABEL = auto()  # a name or classification: published, but not content


class Kind(Enum):
    """How a value is written as text."""

    TEXT = auto()
    NUMBER = auto()
    DATE = auto()
    FLAG = auto()


@dataclass(frozen=True)
class Column:
    name: str
    role: Role
    kind: Kind


@dataclass(frozen=True)
class Relation:
    """`published.<name>` takes the rows of `marts.<mart>`; columns in their published order.

    `has_numbers` is false for names alone: a release is not restated because of them.
    """

    name: str
    mart: str
    columns: tuple[Column, ...]
    has_numbers: bool = True

    @property
    def key(self) -> tuple[Column, ...]:
        return tuple(column for column in self.columns if column.role is Role.KEY)

    @property
    def content(self) -> tuple[Column, ...]:
        """What `content_sha256` covers: key first, so that sorted lines are sorted by key."""
        results = tuple(column for column in self.columns if column.role is Role.RESULT)
        return self.key + results

    @property
    def values(self) -> tuple[Column, ...]:
        """What can change between two releases of a period."""
        return tuple(c for c in self.columns if c.role in {Role.RESULT, Role.LABEL})


def _period_month() -> Column:
    return Column("period_month", Role.PERIOD, Kind.DATE)


def _keys(*names: str) -> Iterator[Column]:
    return (Column(name, Role.KEY, Kind.TEXT) for name in names)


def _labels(*names: str) -> Iterator[Column]:
    return (Column(name, Role.LABEL, Kind.TEXT) for name in names)


def _numbers(*names: str) -> Iterator[Column]:
    return (Column(name, Role.RESULT, Kind.NUMBER) for name in names)


MONTHLY_SCORE = Relation(
    "monthly_score",
    "mart_monthly_score",
    (
        _period_month(),
        *_labels("province_code"),
        *_keys("unit_code"),
        *_labels("unit_name", "unit_type"),
        *_numbers(*(name for group in GROUPS for name in (group, f"{group}_max"))),
        *_numbers("raw_points", "applicable_max_points", "total_score"),
        Column("band", Role.RESULT, Kind.TEXT),
        Column("ranking_status", Role.RESULT, Kind.TEXT),
        *_numbers("rank", "rank_out_of", "previous_rank"),
        Column("is_series_break", Role.RESULT, Kind.FLAG),
    ),
)

CRITERION_SCORE = Relation(
    "criterion_score",
    "mart_release_criterion_score",
    (
        _period_month(),
        *_labels("province_code"),
        *_keys("unit_code"),
        *_labels("unit_type"),
        *_keys("criterion_code"),
        *_labels("group_code", "catalogue_version"),
        *_numbers("numerator", "denominator", "rate", "max_points", "score"),
        Column("status", Role.RESULT, Kind.TEXT),
    ),
)

TARGET_COMPLIANCE = Relation(
    "target_compliance",
    "mart_target_compliance",
    (
        _period_month(),
        *_keys("basis", "metric_code", "unit_code", "field_code"),
        *_numbers("numerator", "denominator", "rate", "target_rate"),
        Column("is_compliant", Role.RESULT, Kind.FLAG),
        *_numbers("shortfall"),
    ),
)

NATIONAL_RANKING = Relation(
    "national_ranking",
    "mart_national_ranking",
    (
        _period_month(),
        *_keys("province_code"),
        *_labels("province_name"),
        *_numbers(*GROUPS, "total_score", "rank", "rank_out_of"),
        *_numbers(*(f"rank_{group}" for group in GROUPS), "computed_rank"),
    ),
)

COMPLIANCE_CAUSE = Relation(
    "compliance_cause",
    "mart_compliance_cause",
    (
        _period_month(),
        *_keys("unit_code", "cause"),
        *_numbers("dossiers_failing", "dossiers_failing_only"),
    ),
)

NATIONAL_AVERAGE = Relation(
    "national_average",
    "mart_national_average",
    (
        _period_month(),
        *_keys("group_code"),
        *_numbers("average_score", "max_points", "province_count"),
    ),
)

LETTER_FIGURE = Relation(
    "letter_figure",
    "mart_letter_figure",
    (
        _period_month(),
        *_keys("province_code", "row_code"),
        *_labels("label_vi", "criterion_code"),
        Column("position", Role.LABEL, Kind.NUMBER),
        *_numbers("value", "out_of"),
        Column("printed_value", Role.RESULT, Kind.TEXT),
    ),
)

# What the codes in the other tables mean in the month of the release: names, no numbers of its own.
CRITERION = Relation(
    "criterion",
    "mart_release_criterion",
    (
        _period_month(),
        *_keys("criterion_code"),
        *_labels("catalogue_version", "group_code", "official_number", "official_subheading"),
        *_labels("name_vi", "name_en"),
        Column("max_points", Role.LABEL, Kind.NUMBER),
        *_labels("basis", "applies_to"),
        Column("target_rate", Role.LABEL, Kind.NUMBER),
        *_labels("numerator_vi", "numerator_en", "denominator_vi", "denominator_en", "counts"),
        *_labels("lead_unit", "cooperating_units", "suspended_because"),
    ),
    has_numbers=False,
)

UNIT = Relation(
    "unit",
    "mart_release_unit",
    (
        _period_month(),
        *_keys("unit_code"),
        *_labels("unit_name", "unit_type", "parent_unit_code", "province_code"),
        *_labels("former_unit_code", "former_unit_name"),
    ),
    has_numbers=False,
)

FIELD = Relation(
    "field",
    "mart_release_field",
    (_period_month(), *_keys("field_code"), *_labels("field_name")),
    has_numbers=False,
)

MONTHLY_RELATIONS = (
    MONTHLY_SCORE,
    CRITERION_SCORE,
    TARGET_COMPLIANCE,
    COMPLIANCE_CAUSE,
    NATIONAL_RANKING,
    NATIONAL_AVERAGE,
    LETTER_FIGURE,
    CRITERION,
    UNIT,
    FIELD,
)

STATISTICAL_FORM = Relation(
    "statistical_form",
    "mart_statistical_form",
    (
        Column("period", Role.PERIOD, Kind.TEXT),
        *_keys("province_code", "row_code"),
        *_labels("label_vi", "unit_of_measure"),
        *_numbers("value"),
        Column("printed_value", Role.RESULT, Kind.TEXT),
        *_labels("origin"),
        # Where the row stands on the form: a number, but no content.
        Column("position", Role.LABEL, Kind.NUMBER),
        *_labels("part_vi", "heading_vi", "note_vi"),
    ),
)

FORM_CHECK = Relation(
    "form_check",
    "mart_form_check",
    (
        Column("period", Role.PERIOD, Kind.TEXT),
        *_keys("province_code", "identity"),
        Column("position", Role.LABEL, Kind.NUMBER),
        *_labels("description_vi", "formula"),
        *_numbers("left_value", "right_value", "difference"),
        Column("holds", Role.RESULT, Kind.FLAG),
    ),
)

FORM_RELATIONS = (STATISTICAL_FORM, FORM_CHECK)
