"""Templates: escaping on for everything, and no name that is not there."""

from __future__ import annotations

import functools
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from service_index.publishing import labels
from service_index.publishing.edition import SAMPLE_NOTICE
from service_index.publishing.labels import Label
from service_index.publishing.site import figures

_HERE = Path(__file__).parent
ASSETS = _HERE / "assets"
_FILTERS = (
    figures.points,
    figures.whole,
    figures.maximum,
    figures.rate,
    figures.whole_rate,
    figures.signed,
    figures.pixels,
    figures.name,
    figures.capital,
    figures.month,
    figures.short_month,
    figures.instant,
    figures.share,
    figures.part_of,
    figures.size,
)


@functools.cache
def environment() -> Environment:
    """The templates with what all of them use."""
    made = Environment(
        loader=FileSystemLoader(_HERE / "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    made.filters |= {function.__name__: function for function in _FILTERS}
    made.globals |= {
        "group_label": lambda code: label(labels.GROUPS, code),
        "type_label": lambda code: label(labels.UNIT_TYPES, code),
        "status_label": lambda code: label(labels.STATUSES, code),
        "reason_label": lambda code: label(labels.REASONS, code),
        "metric_label": lambda code: label(labels.METRICS, code),
        "basis_label": lambda code: label(labels.BASES, code),
        "criterion_basis_label": lambda code: label(labels.CRITERION_BASES, code),
        "cause_label": lambda code: label(labels.CAUSES, code),
        "SMALL_CELL": labels.SMALL_CELL,
        "RATE_ALONE": labels.RATE_ALONE,
        "BANDS_UNCONFIRMED": labels.BANDS_UNCONFIRMED,
        "SUSPENDED": labels.STATUSES["suspended"],
        "SAMPLE_NOTICE": SAMPLE_NOTICE,
        "NOTHING": figures.NOTHING,
    }
    return made


def label(known: dict[str, Label], code: str) -> Label:
    """What a code is called; a code of another province's catalogue stands for itself."""
    return known.get(code) or Label(code, code)


def render(template: str, **context: Any) -> str:
    return environment().get_template(template).render(context)


def asset(file_name: str) -> Markup:
    """A style sheet or script of ours, to stand inside a page."""
    return Markup((ASSETS / file_name).read_text(encoding="utf-8"))  # noqa: S704 - no data in it
