"""The least that the marts can cost: the statements that dbt sent for its models and tests, in its
order, through one session."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psycopg

from tests.benchmarks.measuring import Work

KEPT = ("model", "test")


def statements(log: Path) -> list[str]:
    """What dbt sent, from its log in JSON: node by node as they began, a node's own in order.

    Schemas first, which dbt makes by itself; seeds are left out, for their rows are not in the log.
    """
    by_node: dict[str, list[str]] = {"schemas": []}
    for event in _events(log):
        if event["info"]["name"] != "SQLQuery":
            continue
        data = event["data"]
        node = data.get("node_info", {})
        if node.get("resource_type") in KEPT:
            by_node.setdefault(node["unique_id"], []).append(data["sql"])
        elif "create schema" in data["sql"]:
            by_node["schemas"].append(data["sql"])
    return [statement for sent in by_node.values() for statement in sent]


def replay(dsn: str, file: str) -> Work:
    """Send the statements of `file` again, one after the other."""
    sent: list[str] = json.loads(Path(file).read_text(encoding="utf-8"))
    connection = psycopg.connect(dsn, autocommit=True)
    connection.execute(
        "insert into ops.transform_scope (batch_id) "
        "select batch_id from ops.batch where status = 'passed' and transformed_at is null"
    )

    def work() -> None:
        for statement in sent:
            cursor = connection.execute(statement.encode())
            if cursor.description:
                cursor.fetchall()

    return work


def _events(log: Path) -> Iterator[dict[str, Any]]:
    with log.open(encoding="utf-8") as lines:
        for line in lines:
            yield json.loads(line)
