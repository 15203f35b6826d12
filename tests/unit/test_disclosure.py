"""What is shown of a quarantined record: never a name, a number of a person, or free text."""

from __future__ import annotations

import json
import random
from typing import Any

import pytest

from service_index.loading.contracts import CONTRACTS
from service_index.loading.disclosure import FIELDS_SHOWN, ShownField, shown_fields, shown_text

PERSONAL = (
    "Nguyễn Văn Mẫu",
    "Mẫu",
    "0912345678",
    "+84912345678",
    "091-234-5678",
    "0912.345.678",
    "012345678",
    "001099123456",
    "MAU:001099123456",
    "nguoi.mau@example.vn",
    "Tran Thi B",
    "\x1b[2Jx",
)


def shown(body: bytes, feed: str = "dossiers") -> dict[str, ShownField]:
    return {field.name: field for field in shown_fields(body, CONTRACTS.get(feed))}


def text_of(fields: dict[str, ShownField]) -> str:
    return " ".join(f"{field.name} {field.kind} {field.shown}" for field in fields.values())


@pytest.mark.parametrize("secret", PERSONAL)
@pytest.mark.parametrize("feed", CONTRACTS)
def test_personal_data_in_any_field_are_masked(feed: str, secret: str) -> None:
    """Also where columns have shifted, or the field is none of the contract."""
    names = [*CONTRACTS[feed].record.__struct_fields__, "TruongLa", secret]
    nested: list[Any] = [secret, [secret], {secret: secret}, {"a": [{"b": secret}]}]
    for value in nested:
        fields = shown(json.dumps(dict.fromkeys(names, value)).encode(), feed)
        assert secret not in text_of(fields)
        assert len(fields) == len(names)


def test_values_that_mend_are_shown() -> None:
    values = {
        "MaHoSo": "000.00.12.H99-250303-0001",
        "MaTTHC": "1.001193.000.00.00.H99",
        "MaDonVi": "H99.28",
        "TrangThaiHoSo": "77",
        "NgayCapNhat": "20250303090000",
        "CoBuocTrucTiep": "",
    }
    fields = shown(json.dumps(values).encode())
    assert {name: field.shown for name, field in fields.items()} == {
        name: f'"{value}"' for name, value in values.items()
    }


def test_shapes_and_classes() -> None:
    body = {
        "ChuHoSo": "Nguyễn A",
        "SoDienThoai": None,
        "DinhDanhCHS": [{"SoDinhDanh": "001099123456"}],
        "MaDonVi": 12,
        "TaiLieuNop": {},
        "La": True,
    }
    fields = shown(json.dumps(body).encode())
    assert {name: (field.kind, field.shown) for name, field in fields.items()} == {
        "ChuHoSo": ("name", "text, 8 characters (7 letters, 0 digits)"),
        "SoDienThoai": ("phone", "null"),
        "DinhDanhCHS": ("identity number", "list of 1"),
        "MaDonVi": (None, "number"),
        "TaiLieuNop": (None, "object of 0 fields"),
        "La": ("unknown", "true or false"),
    }


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"\xff",
        b"{",
        b'"Nguy\xe1\xbb\x85n"',
        b"[" * 100_000,
        b'["Mau"]',
        b'{"a":"' + b"M" * 2**21,
    ],
)
def test_what_is_no_record_shows_its_size_alone(body: bytes) -> None:
    (field,) = shown_fields(body, CONTRACTS["dossiers"])
    assert field.name == "(record)"
    assert "Mau" not in field.shown
    assert "Nguy" not in field.shown


def test_a_record_of_endless_fields_stays_readable() -> None:
    body = json.dumps({f"f{number}": "x" for number in range(5_000)}).encode()
    fields = list(shown_fields(body, CONTRACTS["dossiers"]))
    assert len(fields) == FIELDS_SHOWN + 1
    assert fields[-1].shown == "4,900 further fields"


def test_without_a_contract_everything_is_masked() -> None:
    fields = shown(b'{"TEN": "H99", "x": "1"}', "national_scores")
    assert {field.kind for field in fields.values()} == {"unknown"}
    assert "H99" not in text_of(fields)


def test_keys() -> None:
    assert shown_text("MAU-250701-000123") == "MAU-250701-000123"
    assert shown_text("1.001193/H99.28") == "1.001193/H99.28"
    assert shown_text("001099123456") == "text, 12 characters (0 letters, 12 digits)"
    assert shown_text(None) == "–"


def test_random_digit_runs_of_a_persons_number_are_never_shown() -> None:
    chance = random.Random(5)
    for _ in range(2_000):
        digits = "".join(chance.choices("0123456789", k=chance.randint(9, 13)))
        around = chance.choice(["", "A", "x-", "#"])
        assert digits not in shown_text(around + digits + chance.choice(["", "-A", ".x", "B"]))
