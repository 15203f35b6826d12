"""Every column that is published is described, and nothing else is."""

from __future__ import annotations

from service_index.publishing import labels
from service_index.publishing.open_data import descriptions
from service_index.publishing.open_data.descriptions import ANY_TABLE
from service_index.publishing.open_data.tables import NOTICE, RELEASE_TABLE
from service_index.publishing.release import REASONS
from service_index.publishing.subject import RELATIONS_OF_KIND

CHANGE = ("relation", "key", "column_name", "old_value", "new_value", "cause")
# What views add.
ADDED = {
    "criterion_score": ("withheld",),
    "target_compliance": ("withheld",),
    "compliance_cause": ("withheld",),
    "letter_figure": ("withheld",),
    "change": ("withheld",),
}


def published_columns() -> set[tuple[str, str]]:
    columns = {
        relation.name: [column.name for column in relation.columns]
        for relations in RELATIONS_OF_KIND.values()
        for relation in relations
    }
    columns["change"] = list(CHANGE)
    columns["release"] = [field.name for field in RELEASE_TABLE.fields]
    return {
        (table, column)
        for table, names in columns.items()
        for column in (NOTICE, "release_id", *names, *ADDED.get(table, ()))
    }


def test_every_table_and_column_is_described_in_both_languages() -> None:
    for table, column in published_columns():
        for found in (descriptions.of_table(table), descriptions.of_column(table, column)):
            assert found.title_vi
            assert found.description_vi
            assert found.description_en


def test_nothing_is_described_that_is_not_published() -> None:
    published = published_columns()
    tables, columns = {table for table, _ in published}, {column for _, column in published}
    for table, column in descriptions.read():
        if table == ANY_TABLE:
            assert column in columns
        else:
            assert table in tables
            assert column == "" or (table, column) in published


def test_codes_are_those_that_have_labels() -> None:
    for (table, column), codes in {
        ("release", "reason"): REASONS,
        ("change", "cause"): REASONS,
        ("target_compliance", "basis"): labels.BASES,
        ("target_compliance", "metric_code"): labels.METRICS,
        ("compliance_cause", "cause"): labels.CAUSES,
        ("criterion", "basis"): labels.CRITERION_BASES,
        ("release", "kind"): RELATIONS_OF_KIND,
    }.items():
        assert set(descriptions.of_column(table, column).values) == set(codes)
