"""Torn, foreign and hostile records: refused with a reason that repeats nothing of them."""

from __future__ import annotations

import json
import re
import unicodedata
from typing import Any

import msgspec
import pytest
from contract_support import GOOD, KNOWN, read, reader, refusal, refusal_of_body
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from service_index.loading.contracts import CONTRACTS
from service_index.loading.converters import NULL, Refused

FEEDS = tuple(CONTRACTS)
SECRET = "Nguyễn Thị Bí Mật 001099012345"


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b'{"MaHoSo": "D1"',
        b'{"MaHoSo": "D1"} trailing',
        b'{"MaHoSo": "\xff\xfe"}',
        b'{"MaHoSo": "\\ud800"}',
        b'{"MaHoSo": "raw\x01control"}',
        b"\xef\xbb\xbf{}",
        b'{"x": ' + b"[" * 100_000 + b"]" * 100_000 + b"}",
    ],
)
@pytest.mark.parametrize("feed", FEEDS)
def test_what_is_no_json(feed: str, body: bytes) -> None:
    # A feed without the field skips its value, but not always what is wrong with the record.
    refused = refusal_of_body(feed, body)
    assert refused.rule in {"invalid_json", "missing_key"}
    assert not refused.is_retryable


@pytest.mark.parametrize(
    "body", [b"null", b"1", b'"text"', b"[]", b'[{"MaHoSo": "D1"}]', b"[" * 50]
)
@pytest.mark.parametrize("feed", FEEDS)
def test_what_is_no_object(feed: str, body: bytes) -> None:
    assert refusal_of_body(feed, body).rule == "wrong_type"


@pytest.mark.parametrize("feed", FEEDS)
@pytest.mark.parametrize("value", [1, 1.5, True, ["x"], {"x": "y"}])
def test_value_of_another_type(feed: str, value: object) -> None:
    contract = CONTRACTS[feed]
    nested = {"DinhDanhCHS", "TaiLieuNop", "DanhSachLePhi", "DanhSachHoSoBoSung"}
    nested |= {"DanhSachGiayToKetQua", "DSKetNoiCSDL"}
    for field in set(contract.record.__struct_fields__) - nested:
        refused = refusal(feed, **{field: value})
        assert (refused.rule, field in refused.reason) == ("wrong_type", True)


@pytest.mark.fault(27, "a name of a megabyte")
@pytest.mark.parametrize(
    ("feed", "field"), [("dossiers", "ChuHoSo"), ("dossiers", "TenLinhVuc"), ("units", "TenDonVi")]
)
def test_name_of_a_megabyte(feed: str, field: str) -> None:
    assert refusal(feed, **{field: "n" * 1_000_000}).rule == "text_too_long"
    assert refusal(feed, **{field: "n" * 2_001}).rule == "text_too_long"
    read(feed, **{field: "n" * 2_000})


def test_record_beyond_any_measure_is_not_looked_into() -> None:
    bare = json.dumps(GOOD["dossiers"] | {"unknown": ""}).encode()
    room = 1_048_576 - len(bare)
    read("dossiers", unknown="n" * room)
    body = json.dumps(GOOD["dossiers"] | {"unknown": "n" * (room + 1)}).encode()
    assert refusal_of_body("dossiers", body).rule == "record_too_large"
    assert reader("dossiers").identify(body).key == NULL


def test_code_of_undue_length() -> None:
    assert refusal("dossiers", MaHoSo="1" * 201).rule == "text_too_long"


@pytest.mark.fault(27, "control characters")
@pytest.mark.parametrize("character", ["\x00", "\x01", "\x1b", "\x7f", "\x9b"])
@pytest.mark.parametrize(("feed", "field"), [("dossiers", "MaHoSo"), ("units", "TenDonVi")])
def test_control_characters(feed: str, field: str, character: str) -> None:
    assert refusal(feed, **{field: f"a{character}b"}).rule == "control_character"


@pytest.mark.parametrize("space", ["\t", "\n", "\r\n", "\u2028", "\x85"])
def test_line_breaks_are_spaces(space: str) -> None:
    assert read("units", TenDonVi=f"Xã{space}Mẫu{space}").unit_name.split() == ["Xã", "Mẫu"]


@pytest.mark.parametrize(
    "text",
    [
        "'; drop table raw.dossiers; --",
        '=HYPERLINK("https://example.org")',
        "<script>alert(1)</script>",
        "{{ 7*7 }}",
        "\\N",
        "\\.",
        "a\\tb",
        "%s %(x)s {0}",
    ],
)
def test_hostile_text_is_text(text: str) -> None:
    """It is what it was, but for the backslashes that COPY takes away again."""
    assert read("units", TenDonVi=text).unit_name == text.replace("\\", "\\\\")


@pytest.mark.fault(21, "names in NFD and NFC, with no-break spaces")
def test_names_in_any_normal_form_are_one() -> None:
    name = "Xã Tân Hưng"
    spellings = {
        unicodedata.normalize(form, name).replace(" ", space)
        for form in ("NFC", "NFD", "NFKD")
        for space in (" ", "\u00a0", "\u202f", "\u2007")
    }
    rows = {read("units", TenDonVi=f"\u00a0{spelling} ").unit_name for spelling in spellings}
    assert rows == {name}


def test_unknown_keys_change_nothing() -> None:
    assert read("dossiers", MoiThem="x", Nested={"a": [1]}) == read("dossiers")


@pytest.mark.parametrize(
    "text",
    [
        "2025033",
        "20250303",
        "2025030308000",
        "202503030800000",
        "20250229080000",
        "20251301080000",
        "20250303240000",
        "20250303086000",
        "20250303080060",
        "00010101000000",
        "18991231000000",
        "2025-03-03T08:0",
        "2025W101080000",
        "２０２５０３０３０８００００",
        "-0250303080000",
        "2025030308 000",
        "1741000000",
        "20250303080000Z",
    ],
)
def test_instants_are_read_strictly(text: str) -> None:
    for field in ("NgayTiepNhan", "NgayHenTra", "NgayCapNhat"):
        refused = refusal("dossiers", **{field: text})
        assert (refused.rule, refused.reason.split()[0]) == ("invalid_instant", field)


def test_instants_may_have_blanks_around_them() -> None:
    assert (
        read("dossiers", NgayTiepNhan=" 20250303080000\u00a0").received_at == "20250303T080000+07"
    )


@pytest.mark.parametrize(
    "text", ["2025-03-03", "20250229", "20250303080000", "00010101", "3/3/2025"]
)
def test_days_are_read_strictly(text: str) -> None:
    assert refusal("units", HieuLucDen=text).rule == "invalid_date"


@pytest.mark.parametrize(
    ("feed", "changes", "key", "version_at"),
    [
        ("dossiers", {"TrangThaiHoSo": 10}, "D1", "20250306T090001+07"),
        ("dossiers", {"NgayCapNhat": "soon"}, "D1", NULL),
        ("dossiers", {"MaHoSo": 5}, NULL, "20250306T090001+07"),
        ("procedures", {"MucDo": "9"}, "1.000001/U1", NULL),
        ("procedures", {"MaDonVi": ""}, NULL, NULL),
        ("units", {"LoaiDonVi": ""}, "U1/2020-01-01", NULL),
    ],
)
def test_refused_record_is_identified_where_possible(
    feed: str, changes: dict[str, Any], key: str, version_at: str
) -> None:
    body = json.dumps(GOOD[feed] | changes).encode()
    assert tuple(reader(feed).identify(body)) == (key, version_at)


VALUES = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.text(max_size=30),
    st.sampled_from(["0", "1", "9", "10", "20250303080000", "20250303", "U1", "Đã thanh toán"]),
    st.lists(st.dictionaries(st.sampled_from(["Gia", "MaCSDL"]), st.text(max_size=5)), max_size=2),
)


@pytest.mark.fault(27, "any JSON whatever (generated)")
@pytest.mark.parametrize("feed", FEEDS)
@settings(suppress_health_check=[HealthCheck.too_slow], deadline=None)
@given(data=st.data())
def test_any_record_is_a_row_or_refused_by_a_constant(feed: str, data: st.DataObject) -> None:
    fields = st.sampled_from(CONTRACTS[feed].record.__struct_fields__)
    changes = data.draw(st.dictionaries(fields, VALUES, max_size=4))
    body = msgspec.json.encode(GOOD[feed] | changes)
    judge = reader(feed)
    try:
        row = judge.read(body)
    except Refused as refused:
        # Letters, digits and blanks of the contract's own words: nothing of the record.
        assert re.fullmatch(r"[\w .,()':]+", refused.reason)
        assert refused.reason.isascii() or "đồng" in refused.reason
    else:
        assert len(row) == len(CONTRACTS[feed].columns)
        assert not any("\t" in value or "\n" in value for value in row)
    judge.identify(body)


@pytest.mark.parametrize("feed", FEEDS)
def test_reasons_repeat_nothing_of_the_record(feed: str) -> None:
    for field in CONTRACTS[feed].record.__struct_fields__:
        for value in (
            SECRET,
            SECRET + "\x00",
            SECRET * 100,
            [SECRET],
            [{"Gia": SECRET}],
            1099012345,
        ):
            try:
                reader(feed).read(json.dumps(GOOD[feed] | {field: value}).encode())
            except Refused as refused:
                said = f"{refused} {refused.reason} {refused.rule}"
                assert not any(word in said for word in (*SECRET.split(), "1099012345"))
                assert refused.__cause__ is None


def test_references_are_held_against_known_codes_only() -> None:
    assert KNOWN.units == {"U1", "U2"}
    assert read("dossiers", MaDonVi="U2").unit_code == "U2"
