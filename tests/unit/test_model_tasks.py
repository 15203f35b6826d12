"""What becomes of a dbt model's task in Airflow's grid."""

from __future__ import annotations

import pytest

from service_index.orchestration.model_tasks import DbtModel, dbt_models, end_of, without_models
from service_index.settings import PROJECT_ROOT


@pytest.mark.parametrize(
    ("status", "state"),
    [("success", "success"), ("skipped", "skipped"), ("error", "failed"), (None, "skipped")],
)
def test_a_task_ends_as_its_model_did(status: str | None, state: str) -> None:
    node = status and {"name": "fct_dossier", "status": status, "seconds": "1.0", "rows": 3}
    assert end_of(node or None).task_instance_state == state


def test_every_model_of_the_project_has_a_task_that_no_process_is_started_for() -> None:
    from airflow.sdk import DAG

    with DAG("all_models") as dag:
        dbt_models(PROJECT_ROOT / "dbt_project")
    models = {task.model for task in dag.tasks if isinstance(task, DbtModel)}
    assert models == {file.stem for file in (PROJECT_ROOT / "dbt_project/models").rglob("*.sql")}
    assert all(task.start_from_trigger for task in dag.tasks)
    assert not without_models(dag).tasks
