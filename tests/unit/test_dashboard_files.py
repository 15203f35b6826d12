"""The files of dashboards/ fit together: what Superset would skip or show empty without a word."""

from __future__ import annotations

import io
import re
import zipfile
from typing import Any

import pytest
import yaml

from service_index.orchestration import superset
from service_index.publishing import labels
from tests import dashboard_files
from tests.dashboard_files import FOLDER, charts, charts_of, dashboards, datasets, filters_of

# No password, but signs that YAML has a meaning for.
ADDRESS = "postgresql+psycopg2://x@/db?host=/a: #b"


def _vi(known: dict[str, labels.Label]) -> dict[str, str]:
    return {code: label.vi for code, label in known.items()}


# By the column that shows them, in every dataset or in the one named.
LABELS = {
    "unit_type": _vi(labels.UNIT_TYPES),
    "basis": _vi(labels.BASES),
    "metric": _vi(labels.METRICS),
    "cause": _vi(labels.CAUSES),
    ("release", "status"): _vi(labels.STATUSES),
    ("reconciliation", "group_name"): _vi(labels.GROUPS) | {"total": "Tổng"},
}
_LABELLED = re.compile(r"when '(\w+)'\s+then\s+'([^']+)'")


def columns_of(chart: dict[str, Any]) -> set[str]:
    """Columns that a chart names, but for those within SQL of its own."""
    params = chart["params"]
    named = {*params.get("all_columns", ()), *params.get("groupby", ())}
    if isinstance(params.get("x_axis"), str):
        named.add(params["x_axis"])
    named |= {one["subject"] for one in params["adhoc_filters"] if "subject" in one}
    named |= {yaml.safe_load(one)[0] for one in params.get("order_by_cols", ())}
    return named | set(params.get("column_config", ()))


@pytest.mark.parametrize("chart", charts().values(), ids=lambda chart: chart["slice_name"])
def test_a_chart_asks_for_what_its_dataset_has(chart: dict[str, Any]) -> None:
    dataset = datasets()[chart["dataset_uuid"]]
    params = chart["params"]
    assert columns_of(chart) <= set(dataset.columns)
    # Where a line has another name than its metric, as in a legend, the chart says both.
    metrics = [*params.get("metrics", ()), *([params["metric"]] if "metric" in params else ())]
    assert {one for one in metrics if isinstance(one, str)} <= set(dataset.metrics)
    said = {one["sqlExpression"] for one in metrics if not isinstance(one, str)}
    assert said <= set(dataset.metrics.values())
    assert params["viz_type"] == chart["viz_type"]
    if chart["viz_type"] == "table":
        assert params["allow_render_html"] is False


@pytest.mark.parametrize("dashboard", dashboards(), ids=lambda one: one["slug"])
def test_a_filter_holds_for_every_chart_that_it_can_or_says_not(dashboard: dict[str, Any]) -> None:
    held = charts_of(dashboard)
    known = datasets()
    for one in filters_of(dashboard):
        (target,) = one["targets"]
        column = target["column"]["name"]
        assert column in known[target["datasetUuid"]].columns
        excluded = set(one["scope"]["excluded"])
        assert excluded < set(held)
        without = {
            number
            for number, chart in held.items()
            if column not in known[chart["dataset_uuid"]].columns
        }
        assert without <= excluded, (dashboard["slug"], column)
        # Charts over months are of all months; the national table is of all provinces.
        for number in excluded - without:
            params = held[number]["params"]
            over_months = params.get("x_axis") == "month" or "month" in params.get(
                "all_columns", ()
            )
            assert (column, over_months) == ("month", True) or (
                column == "province" and "province" in params["all_columns"]
            )
        # A filter without a value is a sum over what must not be summed.
        assert one["controlValues"]["enableEmptyFilter"]
        assert one["requiredFirst"] or one["defaultDataMask"]["filterState"]["value"]


def test_every_file_is_used_once() -> None:
    placed = [chart["uuid"] for one in dashboards() for chart in charts_of(one).values()]
    assert sorted(placed) == sorted(charts())
    used = {chart["dataset_uuid"] for chart in charts().values()}
    used |= {one["targets"][0]["datasetUuid"] for it in dashboards() for one in filters_of(it)}
    assert used == set(datasets())
    assert {one["slug"] for one in dashboards()} == {
        "tong-quan",
        "xep-hang",
        "don-vi",
        "chi-tieu",
        "chat-luong",
    }


@pytest.mark.parametrize("dataset", datasets().values(), ids=lambda dataset: dataset.name)
def test_no_rate_is_averaged_and_no_label_is_of_its_own(dataset: dashboard_files.Dataset) -> None:
    sql = dataset.content["sql"]
    text = " ".join([sql, *dataset.metrics.values()]).lower()
    assert not re.search(r"avg\(|float|double|::real", text)
    for place, known in LABELS.items():
        name, column = place if isinstance(place, tuple) else (dataset.name, place)
        if name == dataset.name and column in dataset.columns:
            found = re.search(rf"case (?:(?!case )[\s\S])*? end as {column}\b", sql)
            assert found, column
            # Groups have the number of the official list before their name.
            shown = dict(_LABELLED.findall(found.group()))
            assert {code: re.sub(r"^\d\. ", "", text) for code, text in shown.items()} == known
    if dataset.name == "group_score":
        shown = re.findall(r"\('\d\. ([^']+)', s\.(\w+), s\.(\w+)_max\)", sql)
        assert [(code, code, label.vi) for code, label in labels.GROUPS.items()] == [
            (points, most, label) for label, points, most in shown
        ]


def test_the_bundle_has_every_file_and_the_warehouse_s_address() -> None:
    made = superset.bundle(FOLDER, ADDRESS)
    with zipfile.ZipFile(io.BytesIO(made)) as archive:
        contents = {
            name.removeprefix("dashboards/"): yaml.safe_load(archive.read(name))
            for name in archive.namelist()
        }
    assert set(contents) == {path.relative_to(FOLDER).as_posix() for path in FOLDER.rglob("*.yaml")}
    (database,) = (value for name, value in contents.items() if name.startswith("databases/"))
    assert database["sqlalchemy_uri"] == ADDRESS
    assert contents["metadata.yaml"]["type"] == "assets"
