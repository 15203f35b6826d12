"""The trouble that a failure is: its line of the table, filled in."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from service_index.orchestration import failures
from service_index.orchestration.incidents import Trouble
from service_index.orchestration.trouble_table import TABLE, Line
from service_index.settings import ICT

_COMMAND = re.compile(r"`service-index [^`]+`")
_OF_A_MODEL = re.compile(r"\.dbt_models\..+$")
_UNNAMED = {
    "first_day": "YYYY-MM-DD",
    "after_last_day": "YYYY-MM-DD",
    "month": "YYYY-MM",
    "publish_periods": "`service-index publish --period PERIOD`",
}


def of_task(task: str, error: BaseException | None, arguments: Mapping[str, Any]) -> Trouble:
    """The trouble that the failure of a task (`dag_id.task_id`) is; `arguments` are its call's. Of
    a task that shows a dbt model it is that of the transform which builds it.

    Raises LookupError for a task that the table does not know.
    """
    task = _OF_A_MODEL.sub(".transform", task)
    kinds = [kind.__name__ for kind in type(error).__mro__] if error else []
    line = next((line for line in TABLE if line.fits(task, kinds)), None)
    if line is None:
        raise LookupError(f"{task} does not stand in the table of troubles")
    names = _names(arguments)
    trouble = of_line(line, failures.public_reason(error), **names)
    return trouble if line.key else replace(trouble, key=key_of_task(task, arguments))


def key_of_task(task: str, arguments: Mapping[str, Any]) -> str:
    """The key of the trouble that a task's failure is: its month's, or its periods' with `+`."""
    names = _names(arguments)
    about = arguments.keys() & {"month", "plan", "periods"}
    of_what = names.get("month") or names.get("periods")
    # Whatever a transform is called for, it brings all up to date.
    return f"{task}.{of_what}" if about and of_what and not task.endswith(".transform") else task


def keys_mended(task: str, arguments: Mapping[str, Any]) -> set[str]:
    """The keys of the troubles that are over when the task succeeds, one for each period."""
    stem, parts = parts_of(key_of_task(task, arguments))
    return {task} | {f"{stem}.{part}" for part in parts}


def parts_of(key: str) -> tuple[str, list[str]]:
    """A key's task, and its periods: a scheduled run takes several, a command at a terminal one."""
    task, _, of_what = key.rpartition(".")
    return task, of_what.split("+")


def of_line(line: Line, what: str, key: str = "", **names: str) -> Trouble:
    """The trouble of a line, its cure filled in; the command that `what` names belongs to it."""
    known = defaultdict(str, _UNNAMED | names)
    cure = line.cure.format_map(known)
    named = [command for command in _COMMAND.findall(what) if command not in cure]
    if named:
        cure += f" The failure itself names {' and '.join(named)}."
    headline = line.headline.format_map(known)
    return Trouble(key or line.key, headline, what, line.blocks, cure, line.section)


def days_of(start: datetime, end: datetime) -> dict[str, str]:
    """The ICT days of a window, and its first one's month, as commands take them."""
    first, last = (instant.astimezone(ICT) for instant in (start, end - timedelta(microseconds=1)))
    return {
        "first_day": f"{first:%Y-%m-%d}",
        "after_last_day": f"{last.date() + timedelta(days=1)}",
        "month": f"{first:%Y-%m}",
    }


def _names(arguments: Mapping[str, Any]) -> dict[str, str]:
    """What a task's call tells of: its window, month or periods."""
    names: dict[str, str] = {}
    window, plan, months = (arguments.get(name) for name in ("window", "plan", "months"))
    if isinstance(window, Mapping):
        ends = (datetime.fromisoformat(window[end]) for end in ("window_from", "window_to"))
        names |= days_of(*ends)
    for month in (months[-1] if isinstance(months, list) and months else None, plan):
        if isinstance(month, Mapping):
            names["month"] = str(month["month"])
    if isinstance(arguments.get("month"), str):
        names["month"] = arguments["month"]
    periods = arguments.get("periods")
    if isinstance(periods, list) and periods:
        commands = [f"`service-index publish --period {period}`" for period in periods]
        names |= {
            "periods": "+".join(map(str, periods)),
            "publish_periods": " and ".join(commands),
        }
    return names
