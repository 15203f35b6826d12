"""The monthly letter (công văn): the province's result, its groups, its units, as Word and PDF."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any

from service_index.publishing import labels
from service_index.publishing.documents import letter_figures, letter_units, paper
from service_index.publishing.documents.letterhead import letterhead
from service_index.publishing.documents.wording import clean
from service_index.publishing.month import EarlierMonth, MonthRelease

NAME = "letter"


def write(
    release: MonthRelease,
    earlier: Iterable[EarlierMonth],
    folder: Path,
    templates: Path | None = None,
) -> list[Path]:
    """Write `documents/letter.docx` and `.pdf` into a release's `folder`; return both.

    `earlier` are the months before: only the one just before is compared with. `templates` is an
    office's own folder, whose files replace the shipped ones by name (templates/README.md).
    The same release gives the same bytes. Raises BrokenTemplateError.
    """
    return paper.write(NAME, release.edition, _facts(release, earlier), folder, templates)


def _facts(release: MonthRelease, earlier: Iterable[EarlierMonth]) -> dict[str, Any]:
    """What the wording may print."""
    earlier = list(earlier)
    target = letter_units.target(release, earlier)
    withheld = {figure.withheld for figure in release.letter.values()} - {None, "suspended"}
    return {
        "letter": letterhead(release.edition),
        "figures": letter_figures.figures(release, earlier),
        "rankings": letter_units.rankings(release),
        "unranked": letter_units.unranked(release),
        "target": target,
        "province_score": release.province,
        "unit_types": {unit.unit_type for unit in release.units.values()},
        "suspended": [
            {"name": clean(criterion.name_vi), "because": clean(criterion.suspended_because)}
            for criterion in release.criteria
            if criterion.suspended_because is not None
        ],
        "has_small_cells": bool(withheld) or target.has_withheld,
        "small_cell": labels.SMALL_CELL.vi,
        "bands_unconfirmed": labels.BANDS_UNCONFIRMED.vi,
    }
