"""How a unit stands: against the best, the middle and its own month before, and where it loses."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from service_index.publishing.month import Criterion, CriterionScore, Points, UnitScore
from service_index.publishing.relations import GROUPS
from service_index.publishing.site import figures
from service_index.publishing.site.material import Material

TOTAL = "total"
_HUNDRED = Decimal(100)


@dataclass(frozen=True)
class Comparison:
    """A group, or the total, of a unit; others' points as parts of their own maximum.

    `middle` is the median of the peers; for the province the average of the nation's provinces.
    `before` is a part of another maximum, and not to be compared, where `is_other_maximum`.
    """

    code: str
    own: Points
    best: Decimal | None
    best_name: str | None
    middle: Decimal | None
    before: Decimal | None
    is_other_maximum: bool

    @property
    def mark_before(self) -> Decimal | None:
        """Where the month before stands on the unit's own scale."""
        return None if self.is_other_maximum else self.before


@dataclass(frozen=True)
class LostPoints:
    """A criterion of a unit and the points it leaves; None where it does not apply."""

    criterion: Criterion
    score: CriterionScore
    lost: Decimal | None
    change: Decimal | None

    @property
    def is_suspended(self) -> bool:
        return is_suspended(self.criterion, self.score)


def is_suspended(criterion: Criterion, score: CriterionScore) -> bool:
    return criterion.suspended_because is not None or score.status == "suspended"


def points_of(unit: UnitScore, code: str) -> Points:
    """Points of a group, or of the total, which is per hundred of what applies."""
    if code == TOTAL:
        return Points(unit.total_score, None if unit.total_score is None else _HUNDRED)
    return unit.groups[code]


def comparisons(material: Material, unit: UnitScore) -> list[Comparison]:
    """The groups in the order of the index, then the total."""
    before = material.before(unit)
    compared = []
    for code in (*GROUPS, TOTAL):
        best, best_name, middle = _references(material, unit, code)
        own = points_of(unit, code)
        then = points_of(before, code) if before else Points(None, None)
        compared.append(
            Comparison(
                code=code,
                own=own,
                best=best,
                best_name=best_name,
                middle=middle,
                before=figures.share(then),
                is_other_maximum=bool(then.maximum) and then.maximum != own.maximum,
            )
        )
    return compared


def _references(
    material: Material, unit: UnitScore, code: str
) -> tuple[Decimal | None, str | None, Decimal | None]:
    """The best share and whose it is, and the middle one."""
    if unit.unit_code == material.edition.province_code:
        return _national_references(material, code)
    shares = [
        (part, peer.unit_name)
        for peer in material.peers(unit)
        if (part := figures.share(points_of(peer, code))) is not None
    ]
    if len(shares) < 2:
        return None, None, None
    best, best_name = max(shares, key=lambda pair: pair[0])
    return best, best_name, figures.median([part for part, _ in shares])


def _national_references(
    material: Material, code: str
) -> tuple[Decimal | None, str | None, Decimal | None]:
    average = material.release.averages.get(code)
    if average is None:
        return None, None, None
    rows = [
        (row.total_score if code == TOTAL else row.groups[code], row.province_name)
        for row in material.release.national
    ]
    if not rows:
        return None, None, figures.share(Points(average.average_score, average.max_points))
    best, best_name = max(rows, key=lambda pair: pair[0])
    return (
        figures.share(Points(best, average.max_points)),
        best_name,
        figures.share(Points(average.average_score, average.max_points)),
    )


def change_of(score: CriterionScore, before: CriterionScore | None) -> Decimal | None:
    """In points since the month before; None where the most that could be had was another."""
    if before is None or score.max_points != before.max_points:
        return None
    return figures.difference(score.score, before.score)


def lost_points(material: Material, unit: UnitScore) -> list[LostPoints]:
    """Every criterion of a unit, the one that leaves most points first."""
    rows = []
    for criterion in material.release.criteria:
        code = criterion.criterion_code
        score = material.release.criterion_scores.get((unit.unit_code, code))
        if score is None:
            continue
        is_hidden = is_suspended(criterion, score)
        rows.append(
            LostPoints(
                criterion=criterion,
                score=score,
                lost=None if is_hidden else figures.difference(score.max_points, score.score),
                change=None
                if is_hidden
                else change_of(score, material.criterion_before(unit, code)),
            )
        )
    return sorted(rows, key=_most_first)


def _most_first(row: LostPoints) -> tuple[bool, Decimal, str]:
    return (
        row.score.score is None or row.lost is None,
        -(row.lost or Decimal(0)),
        row.criterion.criterion_code,
    )
