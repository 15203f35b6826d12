"""Mending as a person does it: refused records out, corrected ones in, nothing lost meanwhile."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from load_support import Loading

from service_index.landing.manifest import MendingRule
from service_index.loading.exchange import write
from service_index.loading.mending import MendReport, mend_by_file, mend_by_rule, note
from service_index.loading.waiting import of_rule

BY = note("clerk", "told by the one-stop office")
Line = dict[str, Any]


def export(loading: Loading, rule: str, path: Path) -> list[Line]:
    write(path, of_rule(loading.connection, rule), [])
    loading.connection.commit()
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


def mend(loading: Loading, path: Path, lines: list[Line]) -> MendReport:
    path.write_text("".join(json.dumps(line) + "\n" for line in lines), encoding="utf-8")
    report = mend_by_file(loading.connection, loading.landing.store, path, BY)
    loading.assert_accounted()
    return report


def by_rule(loading: Loading, *rule: str, feed: str | None = None) -> MendReport:
    names = ("refused_rule", "field", "from_value", "to_value")
    mending_rule = MendingRule(**dict(zip(names, rule, strict=True)))
    report = mend_by_rule(loading.connection, loading.landing.store, mending_rule, BY, feed)
    loading.assert_accounted()
    return report


def waiting(loading: Loading) -> list[tuple[Any, ...]]:
    return loading.rows(
        "select record_key, rule from quarantine.record where resolved_at is null order by 1, 2"
    )


def landings(loading: Loading) -> list[str]:
    return [path for path, _ in loading.landing.store.manifests()]
