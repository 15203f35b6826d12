"""Record contract of the feed `payments` (source contract, version 1).

A payment may arrive before its dossier: `MaHoSo` is not held against the known dossiers.
"""

from __future__ import annotations

from typing import Annotated, NamedTuple
from unicodedata import normalize

import msgspec

from service_index.loading.contract import Contract, Identifier, Internal, Rule
from service_index.loading.converters import (
    NULL,
    amount,
    choice,
    code,
    flag,
    instant,
    is_before,
)

METHODS = ("truc-tuyen", "tien-mat", "chuyen-khoan")
PAID = normalize("NFC", "Đã thanh toán")
STATES = (
    PAID,
    *(
        normalize("NFC", state)
        for state in ("Đã hoàn phí", "Hủy thanh toán", "Chờ thanh toán", "Chưa thanh toán")
    ),
)


class PaymentRecord(msgspec.Struct, gc=False):
    """The source's fields."""

    MaGiaoDich: Identifier = None
    MaHoSo: Identifier = None
    HinhThucThanhToan: Internal = None
    QuaNenTangQG: Internal = None
    SoTien: Internal = None
    TrangThai: Internal = None
    ThoiGianGD: Internal = None
    NgayCapNhat: Internal = None


class PaymentRow(NamedTuple):
    """A row of raw.payments."""

    payment_id: Annotated[str, code("MaGiaoDich", is_key=True)]
    version_at: Annotated[str, instant("NgayCapNhat", is_required=True)]
    dossier_id: Annotated[str, code("MaHoSo", is_required=True)]
    method: Annotated[str, choice("HinhThucThanhToan", {method: method for method in METHODS})]
    is_via_national_platform: Annotated[str, flag("QuaNenTangQG")]
    amount: Annotated[str, amount("SoTien")]
    status: Annotated[
        str, choice("TrangThai", {state: state for state in STATES}, is_required=True)
    ]
    paid_at: Annotated[str, instant("ThoiGianGD")]


def lacks_payment_time(row: PaymentRow) -> bool:
    """A payment that was made has a time."""
    return row.status == PAID and row.paid_at == NULL


def paid_after_version(row: PaymentRow) -> bool:
    """The payment is said to have been made after the record's last update."""
    return is_before(row.version_at, row.paid_at)


RULES = (
    Rule(
        "missing_payment_time",
        "refuse",
        "ThoiGianGD is missing in a payment that was made",
        lacks_payment_time,
    ),
    Rule("dated_after_version", "warn", "ThoiGianGD is later than NgayCapNhat", paid_after_version),
)

CONTRACT = Contract(
    feed="payments",
    record=PaymentRecord,
    row=PaymentRow,
    key=("payment_id",),
    rules=RULES,
)
