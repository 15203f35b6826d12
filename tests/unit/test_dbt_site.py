"""What makes `make dbt-docs` refuse a site."""

from __future__ import annotations

import json
from copy import deepcopy
from typing import Any

from docs.dbt_site import gaps

TEXT = "Unit. — Đơn vị."
MANIFEST: dict[str, Any] = {
    "nodes": {
        "model.m": {
            "name": "m",
            "resource_type": "model",
            "access": "public",
            "description": TEXT,
            "columns": {"a": {"description": "A."}},
        },
        "model.private": {"name": "p", "resource_type": "model", "access": "private"},
        "seed.s": {"name": "s", "resource_type": "seed"},
    }
}
CATALOG: dict[str, Any] = {"nodes": {"model.m": {"columns": {"a": {}}}}}
PAGE = f"<script>{json.dumps(MANIFEST)}</script>"


def test_a_whole_site_has_no_gaps() -> None:
    assert gaps(MANIFEST, CATALOG, PAGE) == []


def test_a_mart_that_was_not_built_is_a_gap() -> None:
    assert gaps(MANIFEST, {"nodes": {}}, PAGE) == ["m was not built"]


def test_a_mart_that_the_page_lacks_is_a_gap() -> None:
    assert gaps(MANIFEST, CATALOG, "<script></script>") == ["m is not on the page"]


def test_a_mart_without_a_description_is_a_gap() -> None:
    manifest = deepcopy(MANIFEST)
    manifest["nodes"]["model.m"]["description"] = ""
    assert gaps(manifest, CATALOG, PAGE) == ["m is not on the page"]


def test_a_column_that_nothing_describes_is_a_gap() -> None:
    catalog = {"nodes": {"model.m": {"columns": {"a": {}, "b": {}}}}}
    undescribed = deepcopy(MANIFEST)
    undescribed["nodes"]["model.m"]["columns"]["a"]["description"] = ""
    for manifest, found in ((MANIFEST, catalog), (undescribed, CATALOG)):
        assert len(gaps(manifest, found, PAGE)) == 1
