"""Record contract of the feed `dossiers` (source contract, version 1)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated, NamedTuple, TypeVar

import msgspec

from service_index.loading.classification import PersonalData, Sensitivity
from service_index.loading.contract import (
    UNKNOWN_PROCEDURE,
    UNKNOWN_UNIT,
    Contract,
    Fact,
    Identifier,
    Internal,
    Mail,
    PersonName,
    Phone,
    Public,
    Row,
    Rule,
)
from service_index.loading.converters import (
    FALSE,
    NULL,
    TRUE,
    Refused,
    amount,
    choice,
    code,
    code_item,
    copy_array,
    flag,
    instant,
    is_before,
    normalise,
    number,
    procedure_code,
    text,
)

NOT_RECEIVED = frozenset({"1", "3"})
DONE = frozenset({"9", "10"})
WITHDRAWN_OR_STOPPED = frozenset({"7", "8"})


# In the entries of lists, which are reduced to counts: texts without a length of their own.
FilePath = Annotated[str | None, PersonalData.FREE_TEXT]
Part = Annotated[str | None, Sensitivity.INTERNAL]
Number = Annotated[str | None, Sensitivity.IDENTIFIER]


class Document(msgspec.Struct, gc=False):
    """An input document of a dossier."""

    DuongDanTaiTepTin: FilePath = None
    DuocTaiSuDung: Part = None
    DuocLayTuKhoDMQG: Part = None


class Fee(msgspec.Struct, gc=False):
    """A fee that a dossier owes."""

    Gia: Part = None


class Supplement(msgspec.Struct, gc=False):
    """A request for further papers; only counted."""


class Result(msgspec.Struct, gc=False):
    """A result paper of a dossier."""

    DuongDanTepTinKetQua: FilePath = None
    MaGiayToKetQua: Number = None


class SharedDatabase(msgspec.Struct, gc=False):
    """A database that was consulted for a dossier."""

    MaCSDL: Part = None


class DossierRecord(msgspec.Struct, gc=False):
    """The source's fields. A cell of a table may hold a nested list as JSON text."""

    MaHoSo: Identifier = None
    MaTTHC: Public = None
    TenTTHC: Public = None
    MaLinhVuc: Public = None
    TenLinhVuc: Public = None
    KenhThucHien: Internal = None
    MaDonVi: Public = None
    DonViXuLy: Public = None
    ChuHoSo: PersonName = None
    LoaiDoiTuong: Internal = None
    DinhDanhCHS: Annotated[msgspec.Raw, PersonalData.IDENTITY_NUMBER] = msgspec.Raw()
    SoDienThoai: Phone = None
    Email: Mail = None
    NgayNopHoSo: Internal = None
    NgayTiepNhan: Internal = None
    NgayHenTra: Internal = None
    NgayKetThucXuLy: Internal = None
    NgayTra: Internal = None
    TrangThaiHoSo: Internal = None
    HinhThuc: Internal = None
    HoSoCoThanhPhanSoHoa: Internal = None
    TaiKhoanDuocXacThucVoiVNeID: Internal = None
    DuocThanhToanTrucTuyen: Internal = None
    TaiLieuNop: Annotated[list[Document] | str | None, Sensitivity.INTERNAL] = None
    DanhSachLePhi: Annotated[list[Fee] | str | None, Sensitivity.INTERNAL] = None
    DanhSachHoSoBoSung: Annotated[list[Supplement] | str | None, Sensitivity.INTERNAL] = None
    DanhSachGiayToKetQua: Annotated[list[Result] | str | None, Sensitivity.INTERNAL] = None
    DSKetNoiCSDL: Annotated[list[SharedDatabase] | str | None, Sensitivity.INTERNAL] = None
    CoBuocTrucTiep: Internal = None
    NgayDongBoDVCQG: Internal = None
    NgayDongBoKho: Internal = None
    DaXoa: Internal = None
    NgayCapNhat: Internal = None


class DossierRow(NamedTuple):
    """A row of raw.dossiers."""

    dossier_id: Annotated[str, code("MaHoSo", is_key=True)]
    version_at: Annotated[str, instant("NgayCapNhat", is_required=True)]
    is_deleted: Annotated[str, flag("DaXoa", missing=FALSE)]
    procedure_code: Annotated[str, procedure_code("MaTTHC", is_required=True)]
    field_code: Annotated[str, code("MaLinhVuc")]
    field_name: Annotated[str, text("TenLinhVuc")]
    unit_code: Annotated[str, code("MaDonVi", is_required=True)]
    channel: Annotated[str, number("KenhThucHien", 1, 2, 3)]
    applicant_kind: Annotated[str, number("LoaiDoiTuong", 1, 2, 3, 4)]
    state: Annotated[str, number("TrangThaiHoSo", *range(1, 11), is_required=True)]
    return_method: Annotated[str, number("HinhThuc", 0, 1, 2)]
    is_digitised: Annotated[str, flag("HoSoCoThanhPhanSoHoa")]
    has_in_person_step: Annotated[str, flag("CoBuocTrucTiep")]
    portal_payment_flag: Annotated[str, number("DuocThanhToanTrucTuyen", 0, 1, 3)]
    submitted_at: Annotated[str, instant("NgayNopHoSo")]
    received_at: Annotated[str, instant("NgayTiepNhan")]
    due_at: Annotated[str, instant("NgayHenTra")]
    finished_at: Annotated[str, instant("NgayKetThucXuLy")]
    returned_at: Annotated[str, instant("NgayTra")]
    synced_to_portal_at: Annotated[str, instant("NgayDongBoDVCQG")]
    synced_to_vault_at: Annotated[str, instant("NgayDongBoKho")]
    fee_due: Fact
    document_count: Fact
    reused_document_count: Fact
    supplement_count: Fact
    result_count: Fact
    electronic_result_count: Fact
    shared_databases: Fact


Entry = TypeVar("Entry")
_documents = msgspec.json.Decoder(list[Document]).decode
_fees = msgspec.json.Decoder(list[Fee]).decode
_supplements = msgspec.json.Decoder(list[Supplement]).decode
_results = msgspec.json.Decoder(list[Result]).decode
_databases = msgspec.json.Decoder(list[SharedDatabase]).decode


def _entries(value: str | None, decode: Callable[[str], list[Entry]], field: str) -> list[Entry]:
    """What stands in the place of a list: nothing, or its JSON text."""
    if value is None or not value.strip():
        return []
    try:
        return decode(value)
    except (ValueError, RecursionError):
        raise Refused("wrong_type", f"{field} is not a list of the contract's entries") from None


_reuse = choice("TaiLieuNop.DuocTaiSuDung", {"0": FALSE, "1": TRUE, "2": TRUE}, missing=FALSE)
_from_vault = flag("TaiLieuNop.DuocLayTuKhoDMQG", missing=FALSE)
_price = amount("DanhSachLePhi.Gia", missing="0")
_database = code_item("DSKetNoiCSDL.MaCSDL")


def reduce_lists(record: DossierRecord) -> Row:
    """The nested lists as the few facts that criteria need: the row's columns from fee_due on."""
    documents = record.TaiLieuNop
    if not isinstance(documents, list):
        documents = _entries(documents, _documents, "TaiLieuNop")
    fees = record.DanhSachLePhi
    if not isinstance(fees, list):
        fees = _entries(fees, _fees, "DanhSachLePhi")
    supplements = record.DanhSachHoSoBoSung
    if not isinstance(supplements, list):
        supplements = _entries(supplements, _supplements, "DanhSachHoSoBoSung")
    results = record.DanhSachGiayToKetQua
    if not isinstance(results, list):
        results = _entries(results, _results, "DanhSachGiayToKetQua")
    databases = record.DSKetNoiCSDL
    if not isinstance(databases, list):
        databases = _entries(databases, _databases, "DSKetNoiCSDL")
    fee_due = 0
    for fee in fees:
        fee_due += int(_price[fee.Gia])
    reused = 0
    for document in documents:
        # Reused from the vault or another dossier; or taken from the holder's vault.
        if TRUE in (_reuse[document.DuocTaiSuDung], _from_vault[document.DuocLayTuKhoDMQG]):
            reused += 1
    codes = dict.fromkeys([_database[database.MaCSDL] for database in databases])
    codes.pop("", None)
    return (
        str(fee_due),
        str(len(documents)),
        str(reused),
        str(len(supplements)),
        str(len(results)),
        str(_electronic_results(results, documents)),
        copy_array(codes),
    )


def _electronic_results(results: list[Result], documents: list[Document]) -> int:
    """Results with a code and a file of their own: some systems resend an input file instead."""
    if not results:
        return 0
    inputs = {normalise(document.DuongDanTaiTepTin or "") for document in documents}
    electronic = 0
    for result in results:
        file = normalise(result.DuongDanTepTinKetQua or "")
        if file and file not in inputs and normalise(result.MaGiayToKetQua or ""):
            electronic += 1
    return electronic


def _closed_at(row: DossierRow) -> str:
    return row.returned_at if row.finished_at == NULL else row.finished_at


def lacks_channel(row: DossierRow) -> bool:
    """Only a dossier that is not received, or was refused then, may have no channel."""
    return row.channel == NULL and row.state not in NOT_RECEIVED


def lacks_reception(row: DossierRow) -> bool:
    """Only a dossier that is not received, or was refused then, may have no reception time."""
    return row.received_at == NULL and row.state not in NOT_RECEIVED


def lacks_closing(row: DossierRow) -> bool:
    """A dossier that is done has a closing time."""
    return row.state in DONE and _closed_at(row) == NULL


def closed_before_reception(row: DossierRow) -> bool:
    """Withdrawn or stopped without a closing time: the time of the update stands in."""
    if is_before(_closed_at(row), row.received_at):
        return True
    return (
        row.finished_at == NULL
        and row.state in WITHDRAWN_OR_STOPPED
        and is_before(row.version_at, row.received_at)
    )


def due_before_reception(row: DossierRow) -> bool:
    """A due date before the reception."""
    return is_before(row.due_at, row.received_at)


def dated_after_version(row: DossierRow) -> bool:
    """Something is said to have happened after the record's last update."""
    version_at = row.version_at
    happened = (
        row.submitted_at,
        row.received_at,
        row.finished_at,
        row.returned_at,
        row.synced_to_portal_at,
        row.synced_to_vault_at,
    )
    # NULL is no instant, though as a text it comes after all of them.
    return max(happened) > version_at and any(is_before(version_at, at) for at in happened)


RULES = (
    Rule(
        "missing_channel", "refuse", "KenhThucHien is missing in a received dossier", lacks_channel
    ),
    Rule(
        "missing_reception",
        "refuse",
        "NgayTiepNhan is missing in a received dossier",
        lacks_reception,
    ),
    Rule(
        "missing_closing",
        "refuse",
        "NgayKetThucXuLy and NgayTra are both missing in a dossier that is done",
        lacks_closing,
    ),
    Rule(
        "closed_before_reception",
        "refuse",
        "the closing time is before NgayTiepNhan",
        closed_before_reception,
    ),
    Rule("due_before_reception", "warn", "NgayHenTra is before NgayTiepNhan", due_before_reception),
    Rule("dated_after_version", "warn", "a date is later than NgayCapNhat", dated_after_version),
)

CONTRACT = Contract(
    feed="dossiers",
    record=DossierRecord,
    row=DossierRow,
    key=("dossier_id",),
    rules=RULES,
    references=(UNKNOWN_UNIT, UNKNOWN_PROCEDURE),
    reduce=reduce_lists,
)
