"""Each dbt model as a task of its own in Airflow's grid, at the price of none.

dbt starts once, in the task `transform`; when that is over, the triggerer gives every model's task
the state that its model has: no process is started for it. In a terminal there is no triggerer,
and the DAG runs without these tasks.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

from airflow.sdk import DAG, BaseOperator, TaskGroup
from airflow.sdk.bases.xcom import BaseXCom
from airflow.triggers.base import (
    BaseTrigger,
    StartTriggerArgs,
    TaskFailedEvent,
    TaskSkippedEvent,
    TaskSuccessEvent,
    TriggerEvent,
)

from service_index.orchestration.model_events import XCOM_KEY

GROUP = "dbt_models"


class DbtModel(BaseOperator):  # type: ignore[misc] # Airflow is not followed
    """Has the state of a dbt model after the task `transform`."""

    ui_color = "#ffe8df"
    start_from_trigger = True

    def __init__(self, *, model: str, **arguments: Any) -> None:
        super().__init__(trigger_rule="all_done", **arguments)
        self.model = model
        self.start_trigger_args = StartTriggerArgs(
            trigger_cls=f"{DbtModelTrigger.__module__}.{DbtModelTrigger.__qualname__}",
            trigger_kwargs={"model": model},
            next_method="execute_complete",
        )


class DbtModelTrigger(BaseTrigger):  # type: ignore[misc] # the same
    """Looks up what became of a model in its run, and ends the model's task accordingly."""

    def __init__(self, model: str) -> None:
        super().__init__()
        self.model = model

    def serialize(self) -> tuple[str, dict[str, Any]]:
        return f"{type(self).__module__}.{type(self).__qualname__}", {"model": self.model}

    async def run(self) -> AsyncIterator[TriggerEvent]:
        instance = self.task_instance
        found = await BaseXCom.aget_one(
            key=XCOM_KEY, dag_id=instance.dag_id, task_id="transform", run_id=instance.run_id
        )
        node = {node["name"]: node for node in found or ()}.get(self.model)
        if node is None:
            self.log.info("%s was not built: nothing that it is made of had changed", self.model)
        else:
            self.log.info(
                "%s: %s, %s s, rows: %s", self.model, node["status"], node["seconds"], node["rows"]
            )
        yield end_of(node)


def end_of(node: dict[str, Any] | None) -> TriggerEvent:
    """How a model's task ends: `node` is what dbt said of the model, None if it was not built."""
    if node is None or node["status"] == "skipped":
        return TaskSkippedEvent()
    if node["status"] == "success":
        return TaskSuccessEvent(xcoms={"return_value": node})
    return TaskFailedEvent(xcoms={"return_value": node})


def dbt_models(project: Path) -> TaskGroup:
    """A group with a task for every model of `project`, in groups by layer."""
    with TaskGroup(GROUP) as group:
        for layer in ("staging", "intermediate", "marts"):
            with TaskGroup(layer):
                for file in sorted((project / "models" / layer).rglob("*.sql")):
                    # What failed is told by `transform`.
                    DbtModel(
                        task_id=file.stem,
                        model=file.stem,
                        on_failure_callback=None,
                        on_success_callback=None,
                    )
    return group


def without_models(dag: DAG) -> DAG:
    """A copy of `dag` that runs where no triggerer does."""
    others = [task.task_id for task in dag.tasks if not isinstance(task, DbtModel)]
    return dag.partial_subset(others, include_upstream=False)
