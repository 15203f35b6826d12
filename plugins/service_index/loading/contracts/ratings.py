"""Record contract of the feed `ratings` (source contract, version 1).

A rating counts for its own unit; its dossier is not consulted, so it need not be known.
"""

from __future__ import annotations

from typing import Annotated, NamedTuple

import msgspec

from service_index.loading.contract import (
    UNKNOWN_UNIT,
    Contract,
    Identifier,
    Internal,
    Public,
    Rule,
)
from service_index.loading.converters import FALSE, code, flag, instant, is_before, satisfaction


class RatingRecord(msgspec.Struct, gc=False):
    """The source's fields."""

    MaDanhGia: Identifier = None
    MaHoSo: Identifier = None
    MaDonVi: Public = None
    ThoiGianDanhGia: Internal = None
    DanhGia: Internal = None
    DaXoa: Internal = None
    NgayCapNhat: Internal = None


class RatingRow(NamedTuple):
    """A row of raw.ratings."""

    rating_id: Annotated[str, code("MaDanhGia", is_key=True)]
    version_at: Annotated[str, instant("NgayCapNhat", is_required=True)]
    is_deleted: Annotated[str, flag("DaXoa", missing=FALSE)]
    dossier_id: Annotated[str, code("MaHoSo")]
    unit_code: Annotated[str, code("MaDonVi", is_required=True)]
    rated_at: Annotated[str, instant("ThoiGianDanhGia", is_required=True)]
    satisfaction: Annotated[str, satisfaction("DanhGia", is_required=True)]


def rated_after_version(row: RatingRow) -> bool:
    """The rating is said to have been given after the record's last update."""
    return is_before(row.version_at, row.rated_at)


RULES = (
    Rule(
        "dated_after_version",
        "warn",
        "ThoiGianDanhGia is later than NgayCapNhat",
        rated_after_version,
    ),
)

CONTRACT = Contract(
    feed="ratings",
    record=RatingRecord,
    row=RatingRow,
    key=("rating_id",),
    rules=RULES,
    references=(UNKNOWN_UNIT,),
)
