"""What the tasks of the national import do; the gate is the one that every batch goes through.

Without a portal, or without its rows for the month, nothing fails: the province is scored and
published all the same.
"""

from __future__ import annotations

import time
from typing import Any

from service_index.orchestration import connections
from service_index.orchestration.progress import say
from service_index.orchestration.stages import StageError, open_warehouse
from service_index.orchestration.windows import parse_month


def land(month: str, *, skip_landed: bool) -> dict[str, int]:
    """Fetch the portal's rows of a month (`YYYY-MM`); give how many were landed.

    With `skip_landed` a month that was landed once is not asked for again.
    """
    from service_index.landing.store import LandingStore
    from service_index.loading import landing_alone
    from service_index.sources.national_portal import FEED, extract_month

    period_month = parse_month(month)
    endpoint = connections.national_portal()
    if endpoint is None:
        say(
            f"national results: none for {month}, for no portal is set "
            "(AIRFLOW_CONN_NATIONAL_PORTAL); scores and releases go on without"
        )
        return {"rows": 0}
    started = time.monotonic()
    with open_warehouse() as (connection, _, settings):
        store = LandingStore(settings.landing_url)
        landed = (manifest.period_month for _, manifest in store.manifests(FEED))
        if skip_landed and period_month in landed:
            say(f"national results: nothing new to fetch for {month}")
            return {"rows": 0}
        with landing_alone(connection):
            manifest = extract_month(endpoint, period_month, store)
    if manifest is None:
        say(
            f"national results: the portal has no rows for {month}; "
            "scores and releases go on without"
        )
        return {"rows": 0}
    say(f"landed: {manifest.delivered} provinces of {month} ({time.monotonic() - started:.1f} s)")
    return {"rows": manifest.delivered}


def load(month: str) -> dict[str, Any]:
    """Load every national table that was landed and is not loaded yet; give the counts.

    Fails when the table of `month` cannot be loaded; that of another month is only told of.
    """
    from service_index.landing.store import LandingStore
    from service_index.loading import load_national

    with open_warehouse() as (connection, _, settings):
        store = LandingStore(settings.landing_url)
        done = load_national(connection, store, settings.dbt_project / "seeds")
    failure = done.failures.pop(parse_month(month), None)
    for other in done.failures.values():
        say(f"not loaded: {other}")
    if failure is not None:
        raise StageError(str(failure))
    counts = {
        name: sum(getattr(report, name) for report in done.reports)
        for name in ("loaded", "duplicates", "quarantined")
    }
    if done.reports:
        say(
            f"loaded: {counts['loaded']} provinces new or changed; "
            f"{counts['duplicates']} unchanged, {counts['quarantined']} quarantined"
        )
    else:
        say("loaded: nothing new")
    return counts
