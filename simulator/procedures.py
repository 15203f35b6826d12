"""The procedures snapshot: one row for each procedure at each unit that offers it."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from simulator.draws import Draws
from simulator.plan import COMMUNE, DISTRICT
from simulator.reference import Procedure, Reference
from simulator.store import Record
from simulator.units import PROVINCE_CODE

# A few communes have not published a procedure they handle: its dossiers find the code's first
# row instead of their own.
_UNPUBLISHED_SHARE = 0.005


@dataclass(frozen=True)
class _Publication:
    """What of a procedure's publication is the same at all its units."""

    announce_by: str
    announced_on: str
    disclose_by: str
    disclosed_on: str
    shares_population_data: bool
    is_complete: bool


def procedure_rows(
    reference: Reference, share: float, in_use: set[tuple[str, str]], draws: Draws
) -> Iterator[Record]:
    """The rows of the snapshot, in no particular order.

    All that a dossier uses (`in_use`: code and unit) and a `share` of the others. Rows of the
    districts and communes abolished on 1/7/2025 are there too, as abolished.
    """
    publications = _publications(len(reference.procedures), draws)
    for procedure, publication in zip(reference.procedures, publications, strict=True):
        rows = list(_rows(reference, procedure, publication, draws))
        for row, chance in zip(rows, draws.uniform(len(rows)), strict=True):
            if chance < share or (row["MaTTHC"], row["MaDonVi"]) in in_use:
                yield row


def _rows(
    reference: Reference, procedure: Procedure, publication: _Publication, draws: Draws
) -> Iterator[Record]:
    if procedure.agency_code:
        yield _row(procedure, procedure.agency_code, publication)
    else:
        yield from _commune_rows(reference, procedure, publication, draws)
    yield from _abolished_rows(reference, procedure, publication)


def _commune_rows(
    reference: Reference, procedure: Procedure, publication: _Publication, draws: Draws
) -> Iterator[Record]:
    chances = draws.uniform(len(reference.communes))
    for commune, chance in zip(reference.communes, chances, strict=True):
        if chance >= _UNPUBLISHED_SHARE:
            yield _row(procedure, commune.code, publication, valid_from="20250701")


def _abolished_rows(
    reference: Reference, procedure: Procedure, publication: _Publication
) -> Iterator[Record]:
    """Rows of the old regime's units; a code that a new commune took over has its new row only."""
    units: list[str] = []
    if procedure.march_unit_type == DISTRICT:
        units = [
            district.code
            for district in reference.former_districts
            if district.province_code == PROVINCE_CODE
        ]
    elif procedure.march_unit_type == COMMUNE:
        reused = {commune.code for commune in reference.communes}
        units = [
            former.code
            for former in reference.former_communes
            if former.province_code == PROVINCE_CODE and former.code not in reused
        ]
    for code in units:
        yield _row(procedure, code, publication, valid_to="20250630")


def _row(
    procedure: Procedure,
    unit_code: str,
    publication: _Publication,
    valid_from: str = "20230101",
    valid_to: str = "",
) -> Record:
    return {
        "MaTTHC": procedure.code,
        "MaDonVi": unit_code,
        "TenTTHC": procedure.name,
        "MaLinhVuc": procedure.field_code,
        "TenLinhVuc": procedure.field_name,
        "CapThucHien": procedure.level,
        "MucDo": str(procedure.online_level),
        "CoPhi": _flag(procedure.fee > 0),
        "TichHopThanhToanQG": _flag(procedure.fee > 0),
        "KetNoiCSDLDC": _flag(publication.shares_population_data),
        "DuNoiDung": _flag(publication.is_complete),
        "HanCongBo": publication.announce_by,
        "NgayCongBo": publication.announced_on,
        "HanCongKhai": publication.disclose_by,
        "NgayCongKhai": publication.disclosed_on,
        "TrangThai": _flag(procedure.is_active and not valid_to),
        "HieuLucTu": valid_from,
        "HieuLucDen": valid_to,
    }


def _flag(value: bool) -> str:
    return "1" if value else "0"


def _publications(count: int, draws: Draws) -> Iterator[_Publication]:
    """Deadlines of 2025 for a third of the procedures, most of them kept."""
    days = draws.integers(0, 250, count)
    is_due = draws.uniform(count) < 0.35
    announced_late = draws.uniform(count) < 0.08
    disclosed_late = draws.uniform(count) < 0.12
    shares = draws.uniform(count) < 0.62
    complete = draws.uniform(count) < 0.965
    for i in range(count):
        announce_by = np.datetime64("2025-01-06") + days[i]
        announced_on = announce_by + (6 if announced_late[i] else -2)
        disclose_by = announced_on + 5
        disclosed_on = disclose_by + (4 if disclosed_late[i] else -1)
        dates = (announce_by, announced_on, disclose_by, disclosed_on)
        texts = [str(day).replace("-", "") if is_due[i] else "" for day in dates]
        yield _Publication(
            announce_by=texts[0],
            announced_on=texts[1],
            disclose_by=texts[2],
            disclosed_on=texts[3],
            shares_population_data=bool(shares[i]),
            is_complete=bool(complete[i]),
        )
