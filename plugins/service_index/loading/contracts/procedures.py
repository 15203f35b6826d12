"""Record contract of the feed `procedures`: a procedure at a unit (source contract, version 1)."""

from __future__ import annotations

from typing import Annotated, NamedTuple

import msgspec

from service_index.loading.contract import UNKNOWN_UNIT, Contract, Public
from service_index.loading.converters import (
    choice,
    code,
    day,
    day_or_instant,
    flag,
    number,
    procedure_code,
    text,
)

LEVELS = ("tinh", "xa")


class ProcedureRecord(msgspec.Struct, gc=False):
    """The source's fields."""

    MaTTHC: Public = None
    MaDonVi: Public = None
    TenTTHC: Public = None
    MaLinhVuc: Public = None
    TenLinhVuc: Public = None
    CapThucHien: Public = None
    MucDo: Public = None
    CoPhi: Public = None
    TichHopThanhToanQG: Public = None
    KetNoiCSDLDC: Public = None
    DuNoiDung: Public = None
    HanCongBo: Public = None
    NgayCongBo: Public = None
    HanCongKhai: Public = None
    NgayCongKhai: Public = None
    TrangThai: Public = None
    HieuLucTu: Public = None
    HieuLucDen: Public = None


class ProcedureRow(NamedTuple):
    """A row of raw.procedures."""

    procedure_code: Annotated[str, procedure_code("MaTTHC", is_key=True)]
    unit_code: Annotated[str, code("MaDonVi", is_key=True)]
    procedure_name: Annotated[str, text("TenTTHC")]
    field_code: Annotated[str, code("MaLinhVuc")]
    field_name: Annotated[str, text("TenLinhVuc")]
    government_level: Annotated[str, choice("CapThucHien", {level: level for level in LEVELS})]
    online_level: Annotated[str, number("MucDo", 2, 3, 4, is_required=True)]
    has_fee: Annotated[str, flag("CoPhi")]
    is_payment_integrated: Annotated[str, flag("TichHopThanhToanQG")]
    shares_population_data: Annotated[str, flag("KetNoiCSDLDC")]
    is_content_complete: Annotated[str, flag("DuNoiDung")]
    publication_due_on: Annotated[str, day_or_instant("HanCongBo")]
    published_on: Annotated[str, day_or_instant("NgayCongBo")]
    disclosure_due_on: Annotated[str, day_or_instant("HanCongKhai")]
    disclosed_on: Annotated[str, day_or_instant("NgayCongKhai")]
    is_public: Annotated[str, flag("TrangThai", is_required=True)]
    effective_from: Annotated[str, day("HieuLucTu")]
    effective_to: Annotated[str, day("HieuLucDen")]


CONTRACT = Contract(
    feed="procedures",
    record=ProcedureRecord,
    row=ProcedureRow,
    key=("procedure_code", "unit_code"),
    is_snapshot=True,
    references=(UNKNOWN_UNIT,),
)
