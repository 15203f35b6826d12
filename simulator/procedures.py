"""The procedures snapshot: one row for each procedure at each unit that offers it."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from simulator.draws import Draws, Flags
from simulator.plan import COMMUNE, DISTRICT, Lacking, Plan
from simulator.publication import Publication, publications
from simulator.reference import Procedure, Reference
from simulator.store import Record
from simulator.units import PROVINCE_CODE

# A few communes have not published a procedure they handle: its dossiers find the code's first
# row instead of their own.
_UNPUBLISHED_SHARE = 0.005
# Where a procedure lacks something, this share of its units do, one at least.
_LACKING_SHARE = 0.3
_OLD_FROM, _OLD_TO, _NEW_FROM = "20230101", "20250630", "20250701"


@dataclass(frozen=True)
class _Offer:
    """A unit that offers a procedure, and since when until when."""

    unit_code: str
    valid_from: str = _OLD_FROM
    valid_to: str = ""


@dataclass(frozen=True)
class _Gaps:
    """Which procedures lack something: at units of the old regime, at today's, or at both."""

    before: Flags
    now: Flags

    def of_offers(self, place: int, offers: list[_Offer], draws: Draws) -> Flags:
        """Which of the offers of the procedure at this place lack it."""
        is_over = np.array([bool(offer.valid_to) for offer in offers])
        chances = draws.uniform(len(offers))
        lacking = np.zeros(len(offers), dtype=np.bool_)
        for regime, lacks in ((is_over, self.before[place]), (~is_over, self.now[place])):
            if lacks and regime.any():
                lacking |= regime & (chances <= max(_LACKING_SHARE, chances[regime].min()))
        return lacking


def procedure_rows(
    reference: Reference, plan: Plan, in_use: set[tuple[str, str]], draws: Draws
) -> Iterator[Record]:
    """The rows of the snapshot, in no particular order.

    All that a dossier uses (`in_use`: code and unit) and the plan's share of the others. Rows of
    the districts and communes abolished on 1/7/2025 are there too, valid until that day.
    """
    procedures, figures = reference.procedures, plan.procedures
    dated = publications(reference, figures, draws)
    is_fee_unused = np.array([p.fee > 0 and not p.march_unit_type for p in procedures])
    everywhere = np.ones(len(procedures), dtype=np.bool_)
    gaps = (
        _gaps(reference, figures.full_content, everywhere, draws),
        _gaps(reference, figures.population_data, everywhere, draws),
        # What is paid online in March is integrated.
        _gaps(reference, figures.payment_platform, is_fee_unused, draws),
    )
    for place, (procedure, publication) in enumerate(zip(procedures, dated, strict=True)):
        offers = _offers(reference, procedure, place, draws)
        lacking = zip(*(gap.of_offers(place, offers, draws) for gap in gaps), strict=True)
        chances = draws.uniform(len(offers))
        for offer, lacks, chance in zip(offers, lacking, chances, strict=True):
            if chance < plan.unused_procedure_rows or (procedure.code, offer.unit_code) in in_use:
                yield _row(procedure, offer, publication, lacks)


def _gaps(reference: Reference, figures: Lacking, eligible: Flags, draws: Draws) -> _Gaps:
    """Draw which procedures lack something; departments differ in how many of theirs do."""
    procedures = reference.procedures
    agencies = sorted({procedure.agency_code for procedure in procedures})
    own = 0.8 * draws.normal(len(agencies))
    leaning = own[[agencies.index(procedure.agency_code) for procedure in procedures]]
    is_active = np.array([procedure.is_active for procedure in procedures])
    is_of_communes = np.array([procedure.level == "xa" for procedure in procedures])
    now = draws.exactly(figures.now, eligible & is_active, leaning)
    only_before = draws.exactly(figures.before, eligible & is_of_communes & ~now)
    return _Gaps(before=now | only_before, now=now)


def _offers(reference: Reference, procedure: Procedure, place: int, draws: Draws) -> list[_Offer]:
    """Who offers a procedure; one of the communes is offered by the old units before."""
    if procedure.agency_code:
        return [_Offer(procedure.agency_code)]
    # Districts handled most of what nobody asked for in March; decrees gave it to the communes.
    former_type = procedure.march_unit_type or (DISTRICT if place % 10 else COMMUNE)
    return [
        *(_offers_today(reference, former_type, draws) if procedure.is_active else ()),
        *(_Offer(code, valid_to=_OLD_TO) for code in _former_units(reference, former_type)),
    ]


def _offers_today(reference: Reference, former_type: str, draws: Draws) -> Iterator[_Offer]:
    """The communes; where one carries on the code of an old one, so does its row."""
    own = _own_former_communes(reference) if former_type == COMMUNE else set()
    chances = draws.uniform(len(reference.communes))
    for commune, chance in zip(reference.communes, chances, strict=True):
        if chance >= _UNPUBLISHED_SHARE:
            yield _Offer(commune.code, _OLD_FROM if commune.code in own else _NEW_FROM)


def _former_units(reference: Reference, unit_type: str) -> list[str]:
    """Units of the old regime whose code nobody carries on."""
    if unit_type == COMMUNE:
        return sorted(_own_former_communes(reference) - {c.code for c in reference.communes})
    return [d.code for d in reference.former_districts if d.province_code == PROVINCE_CODE]


def _own_former_communes(reference: Reference) -> set[str]:
    return {
        former.code for former in reference.former_communes if former.province_code == PROVINCE_CODE
    }


def _row(
    procedure: Procedure, offer: _Offer, publication: Publication, lacks: tuple[bool, ...]
) -> Record:
    lacks_content, lacks_population_data, lacks_payment_platform = lacks
    return {
        "MaTTHC": procedure.code,
        "MaDonVi": offer.unit_code,
        "TenTTHC": procedure.name,
        "MaLinhVuc": procedure.field_code,
        "TenLinhVuc": procedure.field_name,
        "CapThucHien": procedure.level,
        "MucDo": str(procedure.online_level),
        "CoPhi": _flag(procedure.fee > 0),
        "TichHopThanhToanQG": _flag(procedure.fee > 0 and not lacks_payment_platform),
        "KetNoiCSDLDC": _flag(not lacks_population_data),
        "DuNoiDung": _flag(not lacks_content),
        "HanCongBo": publication.publish_by,
        "NgayCongBo": publication.published_on,
        "HanCongKhai": publication.disclose_by,
        "NgayCongKhai": publication.disclosed_on,
        "TrangThai": _flag(procedure.is_active or bool(offer.valid_to)),
        "HieuLucTu": offer.valid_from,
        "HieuLucDen": offer.valid_to,
    }


def _flag(value: bool) -> str:
    return "1" if value else "0"
