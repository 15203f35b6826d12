"""The files of dashboards/, read as Superset will find them."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

import yaml

from service_index.settings import PROJECT_ROOT

FOLDER = PROJECT_ROOT / "dashboards"
Content = dict[str, Any]
_RELATION = re.compile(r"\b(?:from|join)\s+((?:marts|published)\.\w+)")


@dataclass(frozen=True)
class Dataset:
    """A question that charts are made of."""

    content: Content

    @property
    def name(self) -> str:
        return str(self.content["table_name"])

    @property
    def columns(self) -> list[str]:
        return [column["column_name"] for column in self.content["columns"]]

    @property
    def metrics(self) -> dict[str, str]:
        """Each metric's expression."""
        return {one["metric_name"]: one["expression"] for one in self.content["metrics"]}

    @property
    def relations(self) -> set[str]:
        """What it reads, as schema.name."""
        return set(_RELATION.findall(self.content["sql"]))


def _read(kind: str) -> list[Content]:
    return [
        yaml.safe_load(path.read_text(encoding="utf-8"))
        for path in sorted((FOLDER / kind).rglob("*.yaml"))
    ]


def datasets() -> dict[str, Dataset]:
    """By uuid."""
    return {content["uuid"]: Dataset(content) for content in _read("datasets")}


def charts() -> dict[str, Content]:
    """By uuid."""
    return {content["uuid"]: content for content in _read("charts")}


def dashboards() -> list[Content]:
    return _read("dashboards")


def charts_of(dashboard: Content) -> dict[int, Content]:
    """By the number that the dashboard's filters know them by."""
    by_uuid = charts()
    return {
        place["meta"]["chartId"]: by_uuid[place["meta"]["uuid"]]
        for place in dashboard["position"].values()
        if isinstance(place, dict) and place["type"] == "CHART"
    }


def filters_of(dashboard: Content) -> list[Content]:
    return list(dashboard["metadata"]["native_filter_configuration"])


def relations_of(dashboard: Content) -> set[str]:
    """What its charts and filters read."""
    known = datasets()
    used = [chart["dataset_uuid"] for chart in charts_of(dashboard).values()]
    used += [one["targets"][0]["datasetUuid"] for one in filters_of(dashboard)]
    return set().union(*(known[uuid].relations for uuid in used))
