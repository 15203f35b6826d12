"""Read one record of each feed, or refuse it (source contract, "Feeds")."""

from __future__ import annotations

from datetime import date, datetime
from typing import NamedTuple

from tests.oracle.fields import (
    FLAG,
    BadRecordError,
    Record,
    choice,
    day,
    instant,
    normalise,
    objects,
    required,
    required_choice,
    required_instant,
    text,
)

DOSSIER_STATES = frozenset(str(state) for state in range(1, 11))
NEVER_RECEIVED = frozenset({"1", "3"})
WITHDRAWN, STOPPED = "7", "8"
DONE = frozenset({"9", "10"})
CHANNELS = frozenset({"1", "2", "3"})
ONLINE = "2"
SATISFACTION = frozenset({"RHL", "HL", "BT", "KHL", "RKHL"})
PAID = normalise("Đã thanh toán")
PAYMENT_STATES = frozenset(
    {PAID}
    | {
        normalise(state)
        for state in ("Đã hoàn phí", "Hủy thanh toán", "Chờ thanh toán", "Chưa thanh toán")
    }
)
UNIT_TYPES = {
    "tinh": "province",
    "so": "department",
    "huyen": "district",
    "xa": "commune",
    "nganh_doc": "vertical_agency",
}


class UnitVersion(NamedTuple):
    """A version of a unit, valid on both its days and between them."""

    code: str
    valid_from: date
    valid_to: date | None
    unit_type: str
    parent: str | None
    province_code: str
    successors: tuple[str, ...]


class ProcedureRow(NamedTuple):
    """A procedure at a unit, as one snapshot tells it; a missing flag is not set."""

    procedure_code: str
    unit_code: str
    field_code: str | None
    online_level: str
    administrative_level: str | None
    is_public: bool
    valid_from: date | None
    valid_to: date | None
    has_fee: bool
    is_payment_integrated: bool
    shares_population_data: bool
    is_disclosed_in_full: bool
    publish_by: date | None
    published_on: date | None
    disclose_by: date | None
    disclosed_on: date | None

    def is_active_on(self, day: date) -> bool:
        """Public and valid on a day; without dates it is valid since ever, or for ever."""
        begun = self.valid_from is None or self.valid_from <= day
        ended = self.valid_to is not None and self.valid_to < day
        return self.is_public and begun and not ended


class Dossier(NamedTuple):
    """A dossier that is not tombstoned."""

    dossier_id: str
    unit_code: str
    procedure_code: str
    field_code: str | None
    channel: str | None
    state: str
    received_at: datetime | None
    due_at: datetime | None
    closed_at: datetime | None
    return_mode: str | None
    in_person_step: str | None
    has_fee: bool
    is_digitised: bool
    is_reused: bool
    has_electronic_result: bool
    uses_population_data: bool
    synced_to_portal_at: datetime | None
    synced_to_vault_at: datetime | None


class Payment(NamedTuple):
    """A payment; `paid_online_at` only if it is one that counts as paid online."""

    dossier_id: str
    paid_online_at: datetime | None


class Petition(NamedTuple):
    """A petition that is not tombstoned."""

    unit_code: str
    is_about_regulations: bool
    is_refused: bool
    received_at: datetime
    due_at: datetime | None
    answered_at: datetime | None
    satisfaction: str | None


class Rating(NamedTuple):
    """A rating that is not tombstoned."""

    unit_code: str
    rated_at: datetime
    satisfaction: str


Fact = Dossier | Payment | Petition | Rating


class Parsed(NamedTuple):
    """A well-formed record; `fact` is None where it is a tombstone."""

    key: str
    version_at: datetime
    fact: Fact | None


def procedure_code(record: Record) -> str:
    """The first two parts of `MaTTHC`, which may carry a provincial suffix."""
    return ".".join(required(record, "MaTTHC").split(".")[:2])


def _is_tombstone(record: Record) -> bool:
    return choice(record, "DaXoa", FLAG) == "1"


def parse_dossier(record: Record) -> Parsed:
    """One record of the feed `dossiers`."""
    key = required(record, "MaHoSo")
    version_at = required_instant(record, "NgayCapNhat")
    if _is_tombstone(record):
        return Parsed(key, version_at, None)
    state = required_choice(record, "TrangThaiHoSo", DOSSIER_STATES)
    received_at = instant(record, "NgayTiepNhan")
    channel = choice(record, "KenhThucHien", CHANNELS)
    if state not in NEVER_RECEIVED:
        required(record, "NgayTiepNhan")
        required(record, "KenhThucHien")
    dossier = Dossier(
        dossier_id=key,
        unit_code=required(record, "MaDonVi"),
        procedure_code=procedure_code(record),
        field_code=text(record, "MaLinhVuc"),
        channel=channel,
        state=state,
        received_at=received_at,
        due_at=instant(record, "NgayHenTra"),
        closed_at=_closed_at(record, state, version_at),
        return_mode=choice(record, "HinhThuc", {"0", "1", "2"}),
        in_person_step=choice(record, "CoBuocTrucTiep", FLAG),
        has_fee=_fee_due(record) > 0,
        is_digitised=choice(record, "HoSoCoThanhPhanSoHoa", FLAG) == "1",
        is_reused=_is_reused(record),
        has_electronic_result=_has_electronic_result(record),
        uses_population_data=any(
            text(entry, "MaCSDL") == "CSDLDC" for entry in objects(record, "DSKetNoiCSDL")
        ),
        synced_to_portal_at=instant(record, "NgayDongBoDVCQG"),
        synced_to_vault_at=instant(record, "NgayDongBoKho"),
    )
    if dossier.closed_at and received_at and dossier.closed_at < received_at:
        raise BadRecordError("closed before it was received")
    return Parsed(key, version_at, dossier)


def _closed_at(record: Record, state: str, version_at: datetime) -> datetime | None:
    """When the dossier left the hands of the unit: states 7 to 10 only."""
    ended_at = instant(record, "NgayKetThucXuLy")
    returned_at = instant(record, "NgayTra")
    if state in DONE:
        closed_at = ended_at or returned_at
        if closed_at is None:
            raise BadRecordError("NgayKetThucXuLy: missing in a dossier that is done")
        return closed_at
    if state in (WITHDRAWN, STOPPED):
        return ended_at or version_at
    return None


def _fee_due(record: Record) -> int:
    amounts = [text(entry, "Gia") for entry in objects(record, "DanhSachLePhi")]
    for amount in amounts:
        if amount is not None and not (amount.isascii() and amount.isdigit()):
            raise BadRecordError("Gia: not a whole number")
    return sum(int(amount) for amount in amounts if amount is not None)


def _is_reused(record: Record) -> bool:
    """Whether an input document was reused or taken from the national vault."""
    reused = False
    for entry in objects(record, "TaiLieuNop"):
        kept = choice(entry, "DuocTaiSuDung", {"0", "1", "2"}) in ("1", "2")
        taken = choice(entry, "DuocLayTuKhoDMQG", FLAG) == "1"
        reused = reused or kept or taken
    return reused


def _has_electronic_result(record: Record) -> bool:
    """A result with code and file, and the file is not one that the applicant handed in."""
    handed_in = {text(entry, "DuongDanTaiTepTin") for entry in objects(record, "TaiLieuNop")}
    for entry in objects(record, "DanhSachGiayToKetQua"):
        file = text(entry, "DuongDanTepTinKetQua")
        if text(entry, "MaGiayToKetQua") and file and file not in handed_in:
            return True
    return False


def parse_payment(record: Record) -> Parsed:
    """One record of the feed `payments`."""
    key = required(record, "MaGiaoDich")
    version_at = required_instant(record, "NgayCapNhat")
    dossier_id = required(record, "MaHoSo")
    method = choice(record, "HinhThucThanhToan", {"truc-tuyen", "tien-mat", "chuyen-khoan"})
    national = choice(record, "QuaNenTangQG", FLAG)
    state = required_choice(record, "TrangThai", PAYMENT_STATES)
    paid_at = instant(record, "ThoiGianGD")
    if state == PAID and paid_at is None:
        raise BadRecordError("ThoiGianGD: missing in a payment that is made")
    counts = state == PAID and method == "truc-tuyen" and national == "1"
    return Parsed(key, version_at, Payment(dossier_id, paid_at if counts else None))


def parse_petition(record: Record) -> Parsed:
    """One record of the feed `petitions`."""
    key = required(record, "MaPAKN")
    version_at = required_instant(record, "NgayCapNhat")
    if _is_tombstone(record):
        return Parsed(key, version_at, None)
    kind = choice(record, "LoaiPAKN", {"1", "2"})
    state = required_choice(record, "TrangThai", {"1", "2", "3", "4"})
    petition = Petition(
        unit_code=required(record, "MaDonVi"),
        is_about_regulations=kind in ("1", None),
        is_refused=state == "4",
        received_at=required_instant(record, "NgayTiepNhan"),
        due_at=instant(record, "NgayHenTraLoi"),
        answered_at=instant(record, "NgayTraLoi"),
        satisfaction=choice(record, "MucDoHaiLong", SATISFACTION),
    )
    return Parsed(key, version_at, petition)


def parse_rating(record: Record) -> Parsed:
    """One record of the feed `ratings`."""
    key = required(record, "MaDanhGia")
    version_at = required_instant(record, "NgayCapNhat")
    if _is_tombstone(record):
        return Parsed(key, version_at, None)
    rating = Rating(
        unit_code=required(record, "MaDonVi"),
        rated_at=required_instant(record, "ThoiGianDanhGia"),
        satisfaction=required_choice(record, "DanhGia", SATISFACTION),
    )
    return Parsed(key, version_at, rating)


def unit_key(record: Record) -> tuple[str, ...]:
    """The key of a unit version: code and first day."""
    return required(record, "MaDonVi"), required(record, "HieuLucTu")


def parse_unit(record: Record) -> UnitVersion:
    """One row of the snapshot `units`."""
    valid_from = day(record, "HieuLucTu")
    if valid_from is None:
        raise BadRecordError("HieuLucTu: missing")
    successors = (normalise(part) for part in (text(record, "MaDonViKeThua") or "").split(";"))
    code = required(record, "MaDonVi")
    return UnitVersion(
        code=code,
        valid_from=valid_from,
        valid_to=day(record, "HieuLucDen"),
        unit_type=UNIT_TYPES[required_choice(record, "LoaiDonVi", UNIT_TYPES)],
        parent=text(record, "MaDonViCha"),
        province_code=text(record, "MaTinh") or code,
        successors=tuple(successor for successor in successors if successor),
    )


def procedure_key(record: Record) -> tuple[str, ...]:
    """The key of a procedure row: code and unit."""
    return procedure_code(record), required(record, "MaDonVi")


def parse_procedure(record: Record) -> ProcedureRow:
    """One row of the snapshot `procedures`."""
    return ProcedureRow(
        procedure_code=procedure_code(record),
        unit_code=required(record, "MaDonVi"),
        field_code=text(record, "MaLinhVuc"),
        online_level=required_choice(record, "MucDo", {"2", "3", "4"}),
        administrative_level=choice(record, "CapThucHien", {"tinh", "xa"}),
        is_public=required_choice(record, "TrangThai", FLAG) == "1",
        valid_from=day(record, "HieuLucTu"),
        valid_to=day(record, "HieuLucDen"),
        has_fee=choice(record, "CoPhi", FLAG) == "1",
        is_payment_integrated=choice(record, "TichHopThanhToanQG", FLAG) == "1",
        shares_population_data=choice(record, "KetNoiCSDLDC", FLAG) == "1",
        is_disclosed_in_full=choice(record, "DuNoiDung", FLAG) == "1",
        publish_by=day(record, "HanCongBo"),
        published_on=day(record, "NgayCongBo"),
        disclose_by=day(record, "HanCongKhai"),
        disclosed_on=day(record, "NgayCongKhai"),
    )
