"""Record contract of the feed `petitions` (source contract, version 1)."""

from __future__ import annotations

from typing import Annotated, NamedTuple

import msgspec

from service_index.loading.classification import PersonalData
from service_index.loading.contract import (
    UNKNOWN_UNIT,
    Contract,
    Identifier,
    Internal,
    PersonName,
    Phone,
    Public,
    Rule,
    Text,
)
from service_index.loading.converters import (
    FALSE,
    code,
    flag,
    instant,
    is_before,
    number,
    satisfaction,
)


class PetitionRecord(msgspec.Struct, gc=False):
    """The source's fields."""

    MaPAKN: Identifier = None
    MaDonVi: Public = None
    LoaiPAKN: Internal = None
    TieuDe: Annotated[Text, PersonalData.FREE_TEXT] = None
    HoTen: PersonName = None
    SoDienThoai: Phone = None
    NgayTiepNhan: Internal = None
    NgayHenTraLoi: Internal = None
    NgayTraLoi: Internal = None
    TrangThai: Internal = None
    MucDoHaiLong: Internal = None
    DaXoa: Internal = None
    NgayCapNhat: Internal = None


class PetitionRow(NamedTuple):
    """A row of raw.petitions."""

    petition_id: Annotated[str, code("MaPAKN", is_key=True)]
    version_at: Annotated[str, instant("NgayCapNhat", is_required=True)]
    is_deleted: Annotated[str, flag("DaXoa", missing=FALSE)]
    unit_code: Annotated[str, code("MaDonVi", is_required=True)]
    kind: Annotated[str, number("LoaiPAKN", 1, 2)]
    received_at: Annotated[str, instant("NgayTiepNhan", is_required=True)]
    state: Annotated[str, number("TrangThai", 1, 2, 3, 4, is_required=True)]
    satisfaction: Annotated[str, satisfaction("MucDoHaiLong")]
    reply_due_at: Annotated[str, instant("NgayHenTraLoi")]
    replied_at: Annotated[str, instant("NgayTraLoi")]


def due_before_reception(row: PetitionRow) -> bool:
    """A due date before the reception."""
    return is_before(row.reply_due_at, row.received_at)


def dated_after_version(row: PetitionRow) -> bool:
    """Something is said to have happened after the record's last update."""
    return is_before(row.version_at, row.received_at) or is_before(row.version_at, row.replied_at)


RULES = (
    Rule(
        "due_before_reception", "warn", "NgayHenTraLoi is before NgayTiepNhan", due_before_reception
    ),
    Rule("dated_after_version", "warn", "a date is later than NgayCapNhat", dated_after_version),
)

CONTRACT = Contract(
    feed="petitions",
    record=PetitionRecord,
    row=PetitionRow,
    key=("petition_id",),
    rules=RULES,
    references=(UNKNOWN_UNIT,),
)
