"""One self-contained HTML page per gate run: no data values, no request to elsewhere."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date
from functools import cache
from itertools import groupby

import psycopg
from jinja2 import Environment, PackageLoader, StrictUndefined, Template

from service_index.quality import record
from service_index.quality.record import Batch, Quarantined
from service_index.quality.results import CheckResult, GateResult
from service_index.settings import ICT

# A page that lists more broken batches or months than this is no longer read.
ITEMS_SHOWN = 12


def write(
    result: GateResult,
    batches: Sequence[Batch],
    periods: Sequence[str] | None,
    *,
    quarantine: Sequence[Quarantined] = (),
    is_sample: bool = False,
) -> None:
    """Write the page to `result.report_path`, whole or not at all.

    `batches` are those of a batch gate, `quarantine` counts their refused records; `periods` what a
    marts gate looked at: months as ISO dates, or periods of the statistical form by name (None: all
    there is).
    """
    page = render(result, batches, periods, quarantine=quarantine, is_sample=is_sample)
    result.report_path.parent.mkdir(parents=True, exist_ok=True)
    unfinished = result.report_path.with_suffix(".part")
    unfinished.write_text(page, encoding="utf-8")
    unfinished.replace(result.report_path)


def rewrite(connection: psycopg.Connection, gate_run_id: int) -> None:
    """Write the page of a run again, as the run now stands in `ops`."""
    result, subject, is_sample = record.read_result(connection, gate_run_id)
    batch_ids = subject.get("batch_ids")
    batches = record.read_batches(connection, batch_ids) if batch_ids else ()
    periods = subject.get("periods", subject.get("months"))
    quarantine = record.read_quarantine(connection, batch_ids) if batch_ids else ()
    write(result, batches, periods, quarantine=quarantine, is_sample=is_sample)


def render(
    result: GateResult,
    batches: Sequence[Batch],
    periods: Sequence[str] | None,
    *,
    quarantine: Sequence[Quarantined] = (),
    is_sample: bool = False,
) -> str:
    """The page as text."""
    refused = set(result.refused)
    return _template().render(
        result=result,
        batches=sorted(batches, key=lambda batch: (batch.batch_id not in refused, batch.batch_id)),
        refused=refused,
        quarantine=quarantine,
        periods=periods,
        suites=_by_suite(result.checks),
        passed_count=sum(check.passed for check in result.checks),
        ran_at=result.ran_at.astimezone(ICT),
        is_sample=is_sample,
        ict=ICT,
        items_shown=ITEMS_SHOWN,
    )


def _by_suite(checks: Iterable[CheckResult]) -> list[tuple[str, list[CheckResult]]]:
    """The checks by suite, in each the failed ones first, then the warnings."""
    return [
        (suite, sorted(group, key=lambda check: (not check.refuses, check.passed)))
        for suite, group in groupby(checks, key=lambda check: check.suite)
    ]


def _number(value: int) -> str:
    """Thousands as in Vietnamese print: 16.095."""
    return f"{value:,}".replace(",", ".")


def _item(value: int | date | str) -> str:
    return f"{value:%m/%Y}" if isinstance(value, date) else str(value)


def _period(name: str) -> str:
    """`2025-03-01` as 03/2025; a period of the form has its name."""
    return f"{name[5:7]}/{name[:4]}" if "-" in name else name


@cache
def _template() -> Template:
    environment = Environment(
        loader=PackageLoader("service_index.quality"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["number"] = _number
    environment.filters["item"] = _item
    environment.filters["period"] = _period
    return environment.get_template("gate_report.html")
