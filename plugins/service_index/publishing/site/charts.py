"""Charts with axes, drawn as SVG by Vega without a browser.

Only months and numbers are written in them, so that they suit both languages; captions, and a
table with the same figures, stand beside them. Colours are those of the style sheet. Nothing in
a chart may be laid out by the width of a text, because that depends on a machine's fonts.
"""

from __future__ import annotations

import functools
import math
import re
from collections.abc import Sequence
from decimal import Decimal
from typing import Any

from markupsafe import Markup

from service_index.publishing.site.material import month_number
from service_index.publishing.site.trend import Trend

_MONTH = "format(datum.value % 12 + 1, '02') + '/' + floor(datum.value / 12)"
_WHOLE = "datum.value % 1 ? '' : format(datum.value, 'd')"
_TREND_EXTENT = (420, 150)
_HISTOGRAM_EXTENT = (420, 110)
_LONG_FRACTION = re.compile(r"\d+\.\d{3,}")
# What the drawing does without: it says nothing to anybody in a page that hides it from readers
# of screens, and would be a third of its size.
_IDLE = re.compile(
    r' (?:class|role|aria-[a-z]+|pointer-events|font-family|stroke-miterlimit)="[^"]*"'
    r'| opacity="1"|<path[^>]* d="(?:M0,0h0v0h0Z)?"[^>]*/>'
)


def trend_chart(trend: Trend) -> Markup | None:
    """Scores over months, the unit against the median of its peers; None for a single month."""
    if len(trend.months) < 2:
        return None
    marks: list[dict[str, Any]] = []
    for month in trend.months:
        at = {"month": month_number(month.period), "segment": month.segment}
        for of, score in (("unit", month.score), ("peers", month.peer_median)):
            if score is not None:
                marks.append({**at, "of": of, "score": float(score)})
    if not marks:
        return None
    scores = [mark["score"] for mark in marks]
    # However close the scores lie, the axis reaches from one whole number to another.
    ends = (math.floor(min(scores)), math.floor(max(scores)) + 1)
    marks += [{"month": marks[0]["month"], "of": "frame", "score": end} for end in ends]
    breaks = [{"month": month_number(period) - 0.5} for period in trend.breaks]
    return _draw(_trend_design(), marks=marks, breaks=breaks)


def histogram(
    values: Sequence[Decimal], own: Decimal | None, *, first: int, last: int, steps: int
) -> Markup | None:
    """How many of `values` lie in each of `steps` parts of `first` to `last`.

    `own` is marked by a line. A value on a border counts to the part above it, the last border
    to the last part. None where there is nothing to count.
    """
    if not values or last <= first:
        return None
    width = Decimal(last - first) / steps
    counts = [0] * steps
    for value in values:
        counts[min(max(int((value - first) / width), 0), steps - 1)] += 1
    bars = [
        {"from": float(first + width * i), "to": float(first + width * (i + 1)), "count": count}
        for i, count in enumerate(counts)
    ]
    own_marks = [] if own is None else [{"value": min(max(float(own), first), last)}]
    return _draw(_histogram_design(), marks=bars, own=own_marks)


def _draw(design: dict[str, Any], **data: list[dict[str, Any]]) -> Markup:
    """Put `data` into a compiled design and draw it; readers of screens get the table instead."""
    import vl_convert

    filled = [
        {**source, "values": data[source["name"]]} if source["name"] in data else source
        for source in design["data"]
    ]
    drawn = vl_convert.vega_to_svg({**design, "data": filled})
    drawn = _LONG_FRACTION.sub(lambda found: f"{float(found[0]):.2f}", drawn)
    drawn = re.sub(
        r'^<svg [^>]*viewBox="([^"]*)"[^>]*>',
        r'<svg class="chart" viewBox="\1" aria-hidden="true">',
        _IDLE.sub("", drawn),
    )
    return Markup(drawn)  # noqa: S704 - numbers and our own design, no text of others


@functools.cache
def _trend_design() -> dict[str, Any]:
    import altair

    base = altair.Chart(altair.NamedData("marks")).encode(
        x=altair.X("month:Q")
        .title(None)
        .scale(nice=False, zero=False, padding=24)
        .axis(tickMinStep=1, tickCount=6, grid=False, labelExpr=_MONTH),
        y=altair.Y("score:Q")
        .title(None)
        .scale(zero=False, padding=8)
        .axis(tickMinStep=1, tickCount=5, labelExpr=_WHOLE),
        detail="segment:N",
    )
    peers = base.transform_filter("datum.of == 'peers'")
    unit = base.transform_filter("datum.of == 'unit'")
    frame = base.transform_filter("datum.of == 'frame'")
    breaks = altair.Chart(altair.NamedData("breaks")).encode(x="month:Q")
    return _compiled(
        altair.layer(
            frame.mark_point(opacity=0),
            breaks.mark_rule(stroke="var(--break)", strokeDash=[2, 3], strokeWidth=1.5),
            peers.mark_line(stroke="var(--ink-soft)", strokeWidth=1.5, strokeDash=[6, 3]),
            peers.mark_point(stroke="var(--ink-soft)", fill="var(--paper)", size=24, opacity=1),
            unit.mark_line(stroke="var(--accent)", strokeWidth=2.5),
            unit.mark_point(stroke="var(--accent)", fill="var(--accent)", size=42, opacity=1),
        ),
        {"marks": [], "breaks": []},
        _TREND_EXTENT,
    )


@functools.cache
def _histogram_design() -> dict[str, Any]:
    import altair

    bars = altair.Chart(altair.NamedData("marks")).encode(
        x=altair.X("from:Q")
        .title(None)
        .scale(nice=False, zero=False)
        .axis(grid=False, tickCount=10),
        x2="to:Q",
        y=altair.Y("count:Q").title(None).axis(tickMinStep=1, tickCount=4, labelExpr=_WHOLE),
        y2=altair.datum(0),
    )
    own = altair.Chart(altair.NamedData("own")).encode(x="value:Q")
    return _compiled(
        altair.layer(
            bars.mark_rect(fill="var(--bar)", stroke="var(--paper)", strokeWidth=1),
            own.mark_rule(stroke="var(--accent)", strokeWidth=2.5),
        ),
        {"marks": [], "own": []},
        _HISTOGRAM_EXTENT,
    )


def _compiled(chart: Any, data: dict[str, Any], extent: tuple[int, int]) -> dict[str, Any]:
    """The design as Vega, once for all charts of its kind; `extent` is width and height."""
    import vl_convert

    width, height = extent
    sized = chart.properties(
        width=width,
        height=height,
        datasets=data,
        autosize={"type": "none"},
        padding={"left": 34, "right": 14, "top": 10, "bottom": 24},
    )
    axis = {
        "labelColor": "var(--ink-soft)",
        "labelFontSize": 13,
        "labelOverlap": False,
        "labelBound": False,
        "labelFlush": False,
        "gridColor": "var(--line)",
        "domainColor": "var(--line)",
        "tickColor": "var(--line)",
    }
    styled = sized.configure(aria=False, background="transparent", font="inherit").configure_axis(
        **axis
    )
    compiled: dict[str, Any] = vl_convert.vegalite_to_vega(
        styled.configure_view(stroke=None).to_dict()
    )
    return compiled
