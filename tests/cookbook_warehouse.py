"""The warehouse that docs/cookbook.md is answered from: the small sample province, published.

python -m tests.cookbook_warehouse    # writes the answers of the page anew
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path

import pytest

from docs.cookbook_page.answers import a_province_s_reader, asking
from docs.cookbook_page.page import PAGE, answered
from service_index.landing.store import LandingStore
from service_index.orchestration import dbt_project, national, stages
from service_index.orchestration.windows import parse_month
from service_index.publishing.monthly import publish_month
from service_index.publishing.statistical_form import publish_form
from service_index.settings import ICT, load
from service_index.sources.inbox import take_files
from simulator import dataset
from simulator.server import SampleSource
from tests.integration.demo_corrections import correct_one_percent_of_august
from tests.pipeline import Pipeline, open_pipeline
from tests.warehouses import fresh_warehouse, throw_away_server

# When each month is said to be published: the same answers at whatever hour the tests run.
PUBLISHED_AT = {
    "2025-03": datetime(2025, 4, 5, 8, tzinfo=ICT),
    "2025-07": datetime(2025, 8, 5, 8, tzinfo=ICT),
    "2025-08": datetime(2025, 9, 5, 8, tzinfo=ICT),
    "2025-09": datetime(2025, 9, 16, 8, tzinfo=ICT),
}
FORM = "2025Q3"
REVISED_AT = datetime(2025, 9, 20, 8, tzinfo=ICT)


@contextmanager
def cookbook_warehouse(server_dsn: str) -> Iterator[Pipeline]:
    """March and July to mid-September published, then corrections of August, published again."""
    with (
        pytest.MonkeyPatch.context() as patch,
        tempfile.TemporaryDirectory(prefix="si-cookbook-") as folder,
        fresh_warehouse(server_dsn) as dsn,
        SampleSource(dataset.ensure(Path(folder) / "sample", "small")) as source,
    ):
        patch.setenv("AIRFLOW_CONN_NATIONAL_PORTAL", source.national_portal_uri)
        pipeline = open_pipeline(patch, Path(folder), dsn, source.connection_uri)
        pipeline.ingest("2025-03-01", "2025-09-16")
        for month in PUBLISHED_AT:
            national.land(month, skip_landed=False, required=True)
            national.load(month)
        stages.gate_batches()
        stages.transform(*PUBLISHED_AT)
        for month, instant in PUBLISHED_AT.items():
            _publish_month(pipeline, month, instant)
        _publish_form(pipeline, PUBLISHED_AT["2025-09"])

        assert correct_one_percent_of_august(Path(folder)) > 0
        take_files(load().inbox, LandingStore(load().landing_url))
        stages.load()
        stages.gate_batches()
        stages.transform()
        for month in PUBLISHED_AT:
            _publish_month(pipeline, month, REVISED_AT)
        yield pipeline


def _publish_month(pipeline: Pipeline, month: str, instant: datetime) -> None:
    """The numbers alone: the cookbook reads no file of a release."""
    with pipeline.connect() as connection:
        publish_month(
            connection,
            parse_month(month),
            code_revision=dbt_project.project_revision(load().dbt_project),
            is_sample=True,
            created_at=instant,
            province_code=load().province_code,
        )


def _publish_form(pipeline: Pipeline, instant: datetime) -> None:
    with pipeline.connect() as connection:
        publish_form(
            connection,
            FORM,
            code_revision=dbt_project.project_revision(load().dbt_project),
            is_sample=True,
            created_at=instant,
            province_code=load().province_code,
        )


def main() -> None:
    """Write the page with the answers of a warehouse that is made for it."""
    with (
        throw_away_server() as server,
        cookbook_warehouse(server) as pipeline,
        pipeline.connect() as connection,
        a_province_s_reader(connection),
    ):
        page = answered(PAGE.read_text(encoding="utf-8"), asking(connection))
    PAGE.write_text(page, encoding="utf-8")


if __name__ == "__main__":
    main()
