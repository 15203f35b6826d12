"""Makes each dbt model's status, time and rows visible in Airflow's pages.

One dbt start serves all models, so no model is a task of its own; instead each that ran becomes
an event of the asset that carries its name, and all of them stand in the task's XCom, also when
one failed.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from service_index.orchestration.dbt_build import ModelResult

XCOM_KEY = "dbt_models"


@contextmanager
def reported(outlet_events: Any, task_instance: Any) -> Iterator[Callable[[ModelResult], None]]:
    """A function to call with each node's result; what it was given is reported at the end.

    `outlet_events` are those of the task's asset alias; `task_instance` is Airflow's.
    """
    from airflow.sdk import Asset

    nodes: list[dict[str, Any]] = []

    def keep(result: ModelResult) -> None:
        nodes.append(
            {
                "name": result.name,
                "type": result.resource_type,
                "status": result.status,
                "seconds": str(result.seconds),
                "rows": result.rows_affected,
            }
        )

    try:
        yield keep
    finally:
        task_instance.xcom_push(key=XCOM_KEY, value=nodes)
    for node in nodes:
        if node["type"] == "model":
            asset = Asset(name=node["name"], uri=f"dbt://service_index/{node['name']}")
            outlet_events.add(asset, extra=node)
