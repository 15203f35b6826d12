"""What the tasks of the DAG report_period do; see stages."""

from __future__ import annotations

import time
from datetime import datetime
from typing import Any

import psycopg

from service_index.orchestration import dbt_project, lineage, metrics, stages
from service_index.orchestration.periods import (
    last_month_of_quarter,
    parse_period,
    periods_of_quarter,
)
from service_index.orchestration.progress import say
from service_index.orchestration.stages import StageError
from service_index.orchestration.watching import has_release
from service_index.settings import Settings
from service_index.warehouse.access import PUBLISHER, TRANSFORMER
from service_index.warehouse.locks import marts_shared


def plan_periods(params: dict[str, Any], interval_start: datetime | None) -> list[str]:
    """The period of a run as named, else what is reported after its data interval."""
    if params.get("period"):
        return [parse_period(params["period"])]
    if interval_start is None:
        raise StageError("the run has no data interval: name its period")
    return periods_of_quarter(interval_start)


def is_due(params: dict[str, Any], interval_start: datetime | None) -> bool:
    """Whether it is time for the form: its period was named, or its quarter's last month has a
    release that is not provisional."""
    if params.get("period"):
        return True
    if interval_start is None:
        raise StageError("the run has no data interval: name its period")
    with stages.open_warehouse() as (connection, _, _settings):
        return has_release(connection, f"{last_month_of_quarter(interval_start):%Y-%m}")


@metrics.around("gate_forms")
def gate_forms(periods: list[str]) -> list[str]:
    """Hold the forms against their gate, unless they passed it as they now are; give the whole.

    A period whose months are not all scored is left out and said; fails when none is left (a
    warehouse that began in March has a form of its second quarter, but none of the half-year).
    """
    with (
        stages.open_warehouse(TRANSFORMER) as (connection, dsn, settings),
        marts_shared(connection),
    ):
        whole = _whole(connection, periods, settings)
        waiting = [p for p in whole if not stages.marts_passed(connection, "periods", p)]
        if not waiting:
            say(f"gate 2: the form of {', '.join(whole)} passed before and has not changed")
            return whole
        is_sample = stages.holds_sample_data(connection)
        connection.commit()
        from service_index.quality.gate import run_form_gate

        started = time.monotonic()
        result = run_form_gate(dsn, waiting, settings.reports, is_sample=is_sample)
    failed = [check for check in result.checks if check.refuses]
    say(
        f"gate 2: form of {', '.join(waiting)}, {len(result.checks)} checks, {len(failed)} failed, "
        f"{len(result.warnings)} warnings "
        f"({time.monotonic() - started:.1f} s; report: {result.report_path})",
        gate_run_id=result.gate_run_id,
        periods=waiting,
    )
    stages.count_failed_checks(result)
    if failed:
        raise StageError(
            f"the form of {', '.join(waiting)} failed {failed[0].name} ({failed[0].reason}); "
            f"nothing is published; report: {result.report_path}"
        )
    return whole


def _whole(connection: psycopg.Connection, periods: list[str], settings: Settings) -> list[str]:
    from service_index.publishing.state import PublishingRefusedError
    from service_index.publishing.statistical_form import read_state

    whole: list[str] = []
    reasons: list[str] = []
    for period in periods:
        try:
            read_state(connection, period, settings.province_code)
        except PublishingRefusedError as refusal:
            reasons.append(str(refusal))
        else:
            whole.append(period)
    connection.rollback()
    if not whole:
        raise StageError(reasons[0])
    for reason in reasons:
        say(f"left out: {reason}")
    return whole


@metrics.around("publish_forms")
def publish_forms(periods: list[str], *, reason: str | None) -> dict[str, Any]:
    """Publish forms that passed their gate; the same numbers make no new release."""
    from service_index.orchestration import release_files
    from service_index.publishing.relations import FORM_RELATIONS
    from service_index.publishing.statistical_form import publish_form

    releases = {}
    with stages.open_warehouse(PUBLISHER) as (connection, dsn, settings):
        for period in periods:
            with marts_shared(connection):
                if not stages.marts_passed(connection, "periods", period):
                    raise StageError(
                        f"the form of {period} has not passed its gate as it now is: "
                        f"run `service-index publish --period {period}` again"
                    )
                is_sample = stages.holds_sample_data(connection)
                connection.commit()
                result = publish_form(
                    connection,
                    period,
                    code_revision=dbt_project.project_revision(settings.dbt_project),
                    is_sample=is_sample,
                    reason=reason,
                    province_code=settings.province_code,
                )
            lineage.published(FORM_RELATIONS, result.release_id, dsn)
            release_files.lay_out(connection, result, settings)
            releases[result.release_id] = {"is_new": result.is_new, "status": result.status}
    return releases
