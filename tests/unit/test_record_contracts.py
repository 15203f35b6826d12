"""Every sentence of the source contract about a record, against the contract of its feed."""

from __future__ import annotations

import unicodedata

import pytest
from contract_support import GOOD, read, refusal, warnings

from service_index.loading.contracts import CONTRACTS
from service_index.loading.converters import NULL

FEEDS = tuple(CONTRACTS)

REQUIRED = {
    "dossiers": ("MaTTHC", "KenhThucHien", "MaDonVi", "TrangThaiHoSo", "NgayCapNhat"),
    "payments": ("MaHoSo", "TrangThai", "NgayCapNhat"),
    "petitions": ("MaDonVi", "NgayTiepNhan", "TrangThai", "NgayCapNhat"),
    "ratings": ("MaDonVi", "ThoiGianDanhGia", "DanhGia", "NgayCapNhat"),
    "procedures": ("MucDo", "TrangThai"),
    "units": ("LoaiDonVi",),
}
KEYS = {
    "dossiers": ("MaHoSo",),
    "payments": ("MaGiaoDich",),
    "petitions": ("MaPAKN",),
    "ratings": ("MaDanhGia",),
    "procedures": ("MaTTHC", "MaDonVi"),
    "units": ("MaDonVi", "HieuLucTu"),
}
# Closed lists: the field, what it may hold, and what it may not.
CHOICES = [
    ("dossiers", "KenhThucHien", "1 2 3", "0 4 01"),
    ("dossiers", "LoaiDoiTuong", "1 2 3 4", "0 5"),
    ("dossiers", "TrangThaiHoSo", "2 4 5 6 7 8 9 10", "0 11 x"),
    ("dossiers", "HinhThuc", "0 1 2", "3"),
    ("dossiers", "DuocThanhToanTrucTuyen", "0 1 3", "2"),
    ("dossiers", "HoSoCoThanhPhanSoHoa", "0 1", "2 true"),
    ("dossiers", "CoBuocTrucTiep", "0 1", "-1"),
    ("dossiers", "DaXoa", "0 1", "2"),
    ("payments", "HinhThucThanhToan", "truc-tuyen tien-mat chuyen-khoan", "Truc-tuyen the"),
    ("payments", "QuaNenTangQG", "0 1", "2"),
    ("petitions", "LoaiPAKN", "1 2", "3"),
    ("petitions", "TrangThai", "1 2 3 4", "5"),
    ("petitions", "MucDoHaiLong", "RHL HL BT KHL RKHL", "hl 5"),
    ("petitions", "DaXoa", "0 1", "x"),
    ("ratings", "DanhGia", "RHL HL BT KHL RKHL", "RẤT"),
    ("procedures", "CapThucHien", "tinh xa", "huyen"),
    ("procedures", "MucDo", "2 3 4", "1"),
    ("procedures", "TrangThai", "0 1", "2"),
    ("procedures", "CoPhi", "0 1", "2"),
    ("units", "LoaiDonVi", "tinh so huyen xa nganh_doc", "phuong"),
]


@pytest.mark.parametrize("feed", FEEDS)
def test_good_record_is_taken_without_warnings(feed: str) -> None:
    assert warnings(feed) == {}


@pytest.mark.parametrize(
    ("feed", "field"), [(f, name) for f, fs in REQUIRED.items() for name in fs]
)
@pytest.mark.parametrize("missing", ["", None, " \u00a0 "])
def test_required_field_missing(feed: str, field: str, missing: str | None) -> None:
    refused = refusal(feed, **{field: missing})
    assert refused.rule in {"missing_field", "missing_channel"}
    assert field in refused.reason
    assert not refused.is_retryable


@pytest.mark.parametrize(("feed", "field"), [(f, name) for f, fs in KEYS.items() for name in fs])
def test_key_missing(feed: str, field: str) -> None:
    assert refusal(feed, **{field: ""}).rule == "missing_key"


@pytest.mark.parametrize(("feed", "field", "good", "bad"), CHOICES)
def test_closed_lists(feed: str, field: str, good: str, bad: str) -> None:
    for value in good.split():
        read(feed, **{field: value})
    for value in bad.split():
        refused = refusal(feed, **{field: value})
        assert (refused.rule, field in refused.reason) == ("unknown_value", True)


@pytest.mark.parametrize(
    "state", ["Đã thanh toán", "Đã hoàn phí", "Hủy thanh toán", "Chờ thanh toán", "Chưa thanh toán"]
)
def test_payment_states(state: str) -> None:
    assert read("payments", TrangThai=state).status == state
    assert read("payments", TrangThai=unicodedata.normalize("NFD", state)).status == state


def test_payment_of_unknown_dossier_is_taken() -> None:
    assert read("payments", MaHoSo="never seen").dossier_id == "never seen"


@pytest.mark.parametrize("state", ["1", "3"])
def test_not_received_needs_neither_reception_nor_channel(state: str) -> None:
    row = read("dossiers", TrangThaiHoSo=state, NgayTiepNhan="", KenhThucHien="")
    assert (row.received_at, row.channel) == (NULL, NULL)


@pytest.mark.parametrize("state", ["2", "4", "5", "6", "7", "8", "9", "10"])
def test_received_needs_reception_and_channel(state: str) -> None:
    assert refusal("dossiers", TrangThaiHoSo=state, NgayTiepNhan="").rule == "missing_reception"
    assert refusal("dossiers", TrangThaiHoSo=state, KenhThucHien="").rule == "missing_channel"


@pytest.mark.parametrize("state", ["9", "10"])
def test_done_needs_a_closing_time(state: str) -> None:
    done = {"TrangThaiHoSo": state}
    assert refusal("dossiers", **done, NgayKetThucXuLy="", NgayTra="").rule == "missing_closing"
    read("dossiers", **done, NgayKetThucXuLy="")
    read("dossiers", **done, NgayTra="")


@pytest.mark.parametrize("state", ["2", "4", "7", "8"])
def test_not_done_needs_no_closing_time(state: str) -> None:
    read("dossiers", TrangThaiHoSo=state, NgayKetThucXuLy="", NgayTra="")


def test_closing_time_is_not_before_reception() -> None:
    reception = GOOD["dossiers"]["NgayTiepNhan"]
    read("dossiers", NgayKetThucXuLy=reception)
    early = "20250303075959"
    assert refusal("dossiers", NgayKetThucXuLy=early).rule == "closed_before_reception"
    # The return stands in only where the end of processing is blank.
    read("dossiers", NgayTra=early)
    assert refusal("dossiers", NgayKetThucXuLy="", NgayTra=early).rule == "closed_before_reception"


def test_withdrawn_without_closing_time_is_closed_by_its_update() -> None:
    withdrawn = {"TrangThaiHoSo": "7", "NgayKetThucXuLy": "", "NgayTra": ""}
    read("dossiers", **withdrawn)
    refused = refusal("dossiers", **withdrawn, NgayCapNhat="20250303075959")
    assert refused.rule == "closed_before_reception"


@pytest.mark.parametrize(
    ("feed", "changes", "rule"),
    [
        ("dossiers", {"NgayHenTra": "20250303075959"}, "due_before_reception"),
        ("dossiers", {"NgayNopHoSo": "20250306090002"}, "dated_after_version"),
        ("dossiers", {"NgayTra": "20250306090002"}, "dated_after_version"),
        ("dossiers", {"NgayDongBoDVCQG": "20250306090002"}, "dated_after_version"),
        ("dossiers", {"NgayDongBoKho": "20250306090002"}, "dated_after_version"),
        ("petitions", {"NgayHenTraLoi": "20250302000000"}, "due_before_reception"),
        ("petitions", {"NgayTraLoi": "20250304000000"}, "dated_after_version"),
        ("payments", {"ThoiGianGD": "20250303081002"}, "dated_after_version"),
        ("ratings", {"ThoiGianDanhGia": "20250306100002"}, "dated_after_version"),
        ("units", {"HieuLucDen": "20191231"}, "ends_before_begin"),
    ],
)
def test_what_only_warns(feed: str, changes: dict[str, str], rule: str) -> None:
    assert warnings(feed, **changes) == {rule: 1}


def test_future_due_date_is_no_warning() -> None:
    assert warnings("dossiers", NgayHenTra="20260101000000") == {}


def test_paid_needs_a_time() -> None:
    assert refusal("payments", ThoiGianGD="").rule == "missing_payment_time"
    read("payments", ThoiGianGD="", TrangThai="Chờ thanh toán")


@pytest.mark.parametrize("feed", ["dossiers", "petitions", "ratings"])
def test_tombstone_needs_key_and_version_only(feed: str) -> None:
    contract = CONTRACTS[feed]
    (key,) = KEYS[feed]
    blank = dict.fromkeys(GOOD[feed], "spoilt")
    kept = {name: GOOD[feed][name] for name in (key, "NgayCapNhat")}
    row = read(feed, **(blank | kept | {"DaXoa": "1"}))
    assert row.is_deleted == "t"
    assert row.version_at == read(feed).version_at
    assert getattr(row, contract.key[0]) == GOOD[feed][key]
    assert row.unit_code == NULL
    assert refusal(feed, DaXoa="1", **{key: ""}).rule == "missing_key"
    assert refusal(feed, DaXoa="1", NgayCapNhat="").rule == "missing_field"
    assert refusal(feed, DaXoa="1", NgayCapNhat="29990101000000").rule == "version_in_future"


def test_tombstone_of_a_dossier_owes_no_fee() -> None:
    row = read("dossiers", DaXoa="1", DanhSachLePhi=[{"Gia": "8000"}])
    assert (row.fee_due, row.document_count, row.shared_databases) == ("0", "0", "{}")


@pytest.mark.parametrize("feed", ["dossiers", "petitions", "ratings", "procedures"])
def test_unknown_unit_may_be_tried_again(feed: str) -> None:
    refused = refusal(feed, MaDonVi="U9")
    assert (refused.rule, refused.is_retryable) == ("unknown_unit", True)


def test_unknown_procedure_may_be_tried_again() -> None:
    refused = refusal("dossiers", MaTTHC="1.999999")
    assert (refused.rule, refused.is_retryable) == ("unknown_procedure", True)


@pytest.mark.fault(8, "a version after the window's end")
@pytest.mark.parametrize("feed", ["dossiers", "payments", "petitions", "ratings"])
def test_version_in_the_future_may_be_tried_again(feed: str) -> None:
    past = read(feed, NgayCapNhat="20250331235959")
    assert past.version_at == "20250331T235959+07"
    for version in ("20250401000000", "29990101000000"):
        refused = refusal(feed, NgayCapNhat=version)
        assert (refused.rule, refused.is_retryable) == ("version_in_future", True)


def test_what_is_bad_in_itself_is_not_tried_again() -> None:
    refused = refusal("dossiers", MaDonVi="U9", NgayCapNhat="29990101000000", NgayTiepNhan="soon")
    assert (refused.rule, refused.is_retryable) == ("invalid_instant", False)


def test_procedure_code_loses_its_provincial_suffix() -> None:
    assert read("dossiers").procedure_code == "1.000001"
    assert read("procedures", MaTTHC="1.000001.H99").procedure_code == "1.000001"
    assert read("procedures", MaTTHC="PLAIN").procedure_code == "PLAIN"


@pytest.mark.parametrize("field", ["HanCongBo", "NgayCongBo", "HanCongKhai", "NgayCongKhai"])
def test_publication_days_may_be_instants(field: str) -> None:
    column = {
        "HanCongBo": "publication_due_on",
        "NgayCongBo": "published_on",
        "HanCongKhai": "disclosure_due_on",
        "NgayCongKhai": "disclosed_on",
    }[field]
    for value in ("20250331", "20250331235959"):
        assert getattr(read("procedures", **{field: value}), column) == "2025-03-31"
    assert refusal("procedures", **{field: "20250230000000"}).rule == "invalid_instant"
    assert refusal("procedures", **{field: "20250230"}).rule == "invalid_date"


def test_unit_types_are_translated() -> None:
    vocabulary = {
        "tinh": "province",
        "so": "department",
        "huyen": "district",
        "xa": "commune",
        "nganh_doc": "vertical_agency",
    }
    assert {word: read("units", LoaiDonVi=word).unit_type for word in vocabulary} == vocabulary


@pytest.mark.parametrize(
    ("given", "array"),
    [("", "{}"), ("  ", "{}"), ("U2", '{"U2"}'), ("U2; U3 ;;U4", '{"U2","U3","U4"}')],
)
def test_successors_keep_their_order(given: str, array: str) -> None:
    assert read("units", MaDonViKeThua=given).successor_unit_codes == array


def test_personal_data_have_no_column() -> None:
    personal = {
        "dossiers": {"ChuHoSo", "DinhDanhCHS", "SoDienThoai", "Email"},
        "petitions": {"TieuDe", "HoTen", "SoDienThoai"},
    }
    for feed, contract in CONTRACTS.items():
        assert set(contract.personal_fields) == personal.get(feed, set())
        loaded = {converter.field for converter in contract.converters.values()}
        assert loaded.isdisjoint(contract.personal_fields)
        assert loaded <= set(contract.record.__struct_fields__)
