"""OpenLineage: from the source's feeds through landing, raw and marts to the published tables.

Sent by Airflow's own provider, where it is given a transport (`AIRFLOW__OPENLINEAGE__TRANSPORT` or
its other ways), else nothing is. The data sets are named as OpenLineage names them: address and
path of a feed, folder of a landing, database and table; never a record, never a credential.
"""

from __future__ import annotations

import functools
import time
from collections.abc import Callable, Iterable, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, ParamSpec
from urllib.parse import urlsplit

from service_index.orchestration import airflow_task
from service_index.orchestration.dbt_build import dbt_environment, dbt_variables
from service_index.orchestration.progress import say
from service_index.publishing.relations import Relation

if TYPE_CHECKING:
    from openlineage.client.event_v2 import Dataset, RunEvent
    from openlineage.common.provider.dbt.facets import ParentRunMetadata

# Whose code the events come from, as the specification asks.
_PRODUCER = "https://github.com/apache/airflow/tree/main/providers/openlineage"
# A transform's 300 events take 3 seconds where the receiver answers within 10 ms.
PATIENCE_SECONDS = 30.0
_In = ParamSpec("_In")


def is_on() -> bool:
    """Whether this is an Airflow task whose lineage is sent somewhere."""
    if airflow_task.current() is None:
        return False
    from airflow.providers.openlineage import conf

    return not conf.is_disabled()


def _if_on(tell: Callable[_In, None]) -> Callable[_In, None]:
    """Nothing where lineage is off; and no task fails because it could not be told."""

    @functools.wraps(tell)
    def guarded(*args: _In.args, **kwargs: _In.kwargs) -> None:
        if not is_on():
            return
        try:
            tell(*args, **kwargs)
        except Exception as error:  # whatever the receiver or its library raises
            say(f"lineage: not told ({type(error).__name__})")

    return guarded


@_if_on
def landed(paths: dict[str, str], base_url: str, landing_url: str) -> None:
    """Feeds went from the source into the landing; `paths` is each feed's under `base_url`."""
    source = urlsplit(base_url)
    address = f"{source.scheme}://{source.netloc}"
    events = []
    for feed, path in paths.items():
        delivered = _dataset(address, f"{source.path}/{path}".lstrip("/"))
        events += _part(feed, delivered, _landing(landing_url, feed))
    send(events)


@_if_on
def loaded(feeds: Iterable[str], landing_url: str, dsn: str) -> None:
    """Feeds went from the landing into their tables."""
    events = []
    for feed in feeds:
        events += _part(feed, _landing(landing_url, feed), _table(dsn, "raw", feed))
    send(events)


@_if_on
def published(relations: Iterable[Relation], release_id: str, dsn: str) -> None:
    """Marts went into the release, which is the version of the published tables."""
    from openlineage.client.facet_v2 import dataset_version_dataset

    version = dataset_version_dataset.DatasetVersionDatasetFacet(datasetVersion=release_id)
    events = []
    for relation in relations:
        frozen = _table(dsn, "published", relation.name, version=version)
        events += _part(relation.name, _table(dsn, "marts", relation.mart), frozen)
    send(events)


@_if_on
def transformed(dsn: str, project: Path, state: Path) -> None:
    """Each dbt model's way, with its columns', read from what dbt wrote to `state`; its tests are
    told as assertions on the models."""
    from openlineage.common.provider.dbt.local import DbtLocalArtifactProcessor

    run = _run_of_task()
    processor = DbtLocalArtifactProcessor(
        project_dir=str(project),
        target_path=str(state / "target"),
        producer=_PRODUCER,
        job_namespace=run.job_namespace,
    )
    processor.dbt_run_metadata = run
    with dbt_variables(dbt_environment(dsn)):
        events = processor.parse().events()
    send(events)


def send(events: Sequence[RunEvent]) -> None:
    """Emit them. The client tries a receiver that is down for ten seconds and more, with every
    event anew; the task does not wait for all of that."""
    from airflow.providers.openlineage.api.core import emit

    until = time.monotonic() + PATIENCE_SECONDS
    for number, event in enumerate(events):
        if time.monotonic() > until:
            say(f"lineage: the receiver is slow or down; {len(events) - number} events not sent")
            return
        emit(event)


def _part(name: str, source: Dataset, target: Dataset) -> list[RunEvent]:
    """A part of the task, as a run of its own: of what one event names, all leads to all."""
    from openlineage.client.event_v2 import (
        InputDataset,
        Job,
        OutputDataset,
        Run,
        RunEvent,
        RunState,
    )
    from openlineage.client.uuid import generate_new_uuid

    task = _run_of_task()
    run = Run(runId=str(generate_new_uuid()), facets={"parent": task.to_openlineage()})
    job = Job(namespace=task.job_namespace, name=f"{task.job_name}.{name}")
    return [
        RunEvent(
            eventType=state,
            eventTime=datetime.now(UTC).isoformat(),
            run=run,
            job=job,
            inputs=[InputDataset(source.namespace, source.name, facets=source.facets)],
            outputs=[OutputDataset(target.namespace, target.name, facets=target.facets)],
            producer=_PRODUCER,
        )
        for state in (RunState.START, RunState.COMPLETE)
    ]


def _run_of_task() -> ParentRunMetadata:
    """The running task as the provider names it in its own events, and the DAG's run."""
    from airflow.providers.openlineage.plugins import macros
    from openlineage.common.provider.dbt.facets import ParentRunMetadata

    task = airflow_task.current()
    return ParentRunMetadata(
        run_id=macros.lineage_run_id(task),
        job_name=macros.lineage_job_name(task),
        job_namespace=macros.lineage_job_namespace(),
        root_parent_run_id=macros.lineage_root_run_id(task),
        root_parent_job_name=macros.lineage_root_job_name(task),
        root_parent_job_namespace=macros.lineage_root_job_namespace(task),
    )


def _dataset(namespace: str, name: str, **facets: Any) -> Dataset:
    from openlineage.client.event_v2 import Dataset

    return Dataset(namespace=namespace, name=name, facets=facets)


def _landing(landing_url: str, feed: str) -> Dataset:
    """A folder of a disk or of an object store, without a user's name in its address."""
    parts = urlsplit(landing_url)
    if not parts.scheme or parts.scheme == "file":
        return _dataset("file", f"{parts.path.rstrip('/')}/{feed}")
    bucket = parts.netloc.rpartition("@")[2]
    return _dataset(f"{parts.scheme}://{bucket}", f"{parts.path.strip('/')}/{feed}".lstrip("/"))


def _table(dsn: str, schema: str, name: str, **facets: Any) -> Dataset:
    """As dbt's integration names the same table."""
    variables = dbt_environment(dsn)
    host, port, database = (variables[f"DBT_{part}"] for part in ("HOST", "PORT", "DBNAME"))
    return _dataset(f"postgres://{host}:{port}", f"{database}.{schema}.{name}", **facets)
