"""What monitoring is told of the warehouse: sent through Airflow's own metrics, where these are on
(`AIRFLOW__METRICS__STATSD_ON` or Airflow's other ways). docs/observability.md lists the names.

What a metric is about is the last part of its name, for plain StatsD knows no labels, and a tag
beside it, for those that do.
"""

from __future__ import annotations

import functools
import time
from collections.abc import Callable, Mapping
from typing import ParamSpec, TypeVar

from service_index import settings as settings_module
from service_index.orchestration import airflow_task, connections, overview
from service_index.orchestration.progress import say
from service_index.warehouse.connection import connect

_In = ParamSpec("_In")
_Out = TypeVar("_Out")


def is_on() -> bool:
    """Whether this is an Airflow task whose metrics are sent somewhere."""
    if airflow_task.current() is None:
        return False
    from airflow.sdk.observability.metrics import stats_utils

    return stats_utils.get_stats_factory() is not stats_utils.NoStatsLogger


def around(stage: str) -> Callable[[Callable[_In, _Out]], Callable[_In, _Out]]:
    """Tell how long the stage took, and how the warehouse stands after it, also when it failed."""

    def decorate(function: Callable[_In, _Out]) -> Callable[_In, _Out]:
        @functools.wraps(function)
        def run(*args: _In.args, **kwargs: _In.kwargs) -> _Out:
            if not is_on():
                return function(*args, **kwargs)
            from airflow.sdk.observability import stats

            started = time.monotonic()
            try:
                return function(*args, **kwargs)
            finally:
                milliseconds = (time.monotonic() - started) * 1000
                stats.timing(
                    f"service_index.stage_duration.{stage}", milliseconds, tags={"stage": stage}
                )
                tell_state()

        return run

    return decorate


def count(what: str, label: str, amounts: Mapping[str, int]) -> None:
    """Add to counters: `service_index.<what>.<key>` for each key, which is the value of `label`.

    A key with 0 makes its counter known, so that the first increase can be seen.
    """
    if not is_on():
        return
    from airflow.sdk.observability import stats

    for key, amount in amounts.items():
        stats.incr(f"service_index.{what}.{key}", amount, tags={label: key})


def tell_state() -> None:
    """Set the gauges of the state of the warehouse, where metrics are on; nothing fails by it."""
    if not is_on():
        return
    try:
        with connect(connections.warehouse_dsn(settings_module.load())) as connection:
            found = overview.read(connection)
        _tell(found)
    except Exception as error:  # whatever it is, the stage itself may be well
        say(f"metrics: the state of the warehouse is not known ({type(error).__name__})")


def _tell(found: overview.Overview) -> None:
    from airflow.sdk.observability import stats

    for feed in found.feeds:
        name = feed["feed"]
        lag = found.lag(feed)
        if lag is not None:
            stats.gauge(
                f"service_index.feed_lag_seconds.{name}",
                round(lag.total_seconds()),
                tags={"feed": name},
            )
        stats.gauge(
            f"service_index.quarantine_records.{name}", feed["waiting"], tags={"feed": name}
        )
    stats.gauge("service_index.open_incidents", len(found.incidents))
    newest = max((release["created_at"] for release in found.releases), default=None)
    if newest is not None:
        age = round((found.at - newest).total_seconds())
        stats.gauge("service_index.newest_release_age_seconds", max(age, 0))
    stats.gauge("service_index.state_told_at_seconds", round(found.at.timestamp()))
