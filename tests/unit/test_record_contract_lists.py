"""What is kept of a dossier's nested lists."""

from __future__ import annotations

import json
import unicodedata
from typing import Any

import pytest
from contract_support import read, refusal

LISTS = (
    "TaiLieuNop",
    "DanhSachLePhi",
    "DanhSachHoSoBoSung",
    "DanhSachGiayToKetQua",
    "DSKetNoiCSDL",
)


@pytest.mark.parametrize("field", LISTS)
@pytest.mark.parametrize("missing", ["", None, "  ", [], "[]"])
def test_missing_list_is_empty(field: str, missing: object) -> None:
    assert read("dossiers", **{field: missing}) == read("dossiers")


@pytest.mark.parametrize("field", LISTS)
@pytest.mark.parametrize("wrong", [{}, 1, [1], [None], ["x"], "x", '["x"]', "{}", [[]]])
def test_what_is_no_list_of_objects_is_refused(field: str, wrong: object) -> None:
    refused = refusal("dossiers", **{field: wrong})
    assert refused.rule == "wrong_type"
    assert field in refused.reason


def test_list_may_be_json_text() -> None:
    fees = [{"Gia": "8000"}, {"Gia": "500"}]
    as_text = json.dumps(fees)
    assert read("dossiers", DanhSachLePhi=as_text) == read("dossiers", DanhSachLePhi=fees)


@pytest.mark.parametrize(
    ("prices", "fee_due"),
    [([], "0"), (["0"], "0"), (["8000", "", None], "8000"), (["8000", "500"], "8500")],
)
def test_fee_due_is_the_sum(prices: list[str | None], fee_due: str) -> None:
    assert read("dossiers", DanhSachLePhi=[{"Gia": price} for price in prices]).fee_due == fee_due


@pytest.mark.fault(21, "amounts with points and commas")
@pytest.mark.parametrize(
    "price",
    ["1.234,56", "1,234.56", "1.234", "1,234", "8000.0", "-1", "+1", "1e3", "8 000", "٨", "9" * 16],
)
def test_amount_that_is_not_plainly_whole_is_refused(price: str) -> None:
    assert refusal("dossiers", DanhSachLePhi=[{"Gia": price}]).rule == "invalid_amount"
    assert refusal("payments", SoTien=price).rule == "invalid_amount"


@pytest.mark.parametrize(
    ("entry", "reused"),
    [
        ({}, "0"),
        ({"DuocTaiSuDung": "0", "DuocLayTuKhoDMQG": "0"}, "0"),
        ({"DuocTaiSuDung": "1"}, "1"),
        ({"DuocTaiSuDung": "2"}, "1"),
        ({"DuocLayTuKhoDMQG": "1"}, "1"),
        ({"DuocTaiSuDung": "1", "DuocLayTuKhoDMQG": "1"}, "1"),
    ],
)
def test_reused_documents(entry: dict[str, str], reused: str) -> None:
    row = read("dossiers", TaiLieuNop=[entry, {}])
    assert (row.document_count, row.reused_document_count) == ("2", reused)


@pytest.mark.parametrize("entry", [{"DuocTaiSuDung": "3"}, {"DuocLayTuKhoDMQG": "2"}])
def test_unknown_reuse_is_refused(entry: dict[str, str]) -> None:
    assert refusal("dossiers", TaiLieuNop=[entry]).rule == "unknown_value"


@pytest.mark.parametrize(
    ("result", "electronic"),
    [
        ({"MaGiayToKetQua": "KQ", "DuongDanTepTinKetQua": "/result"}, "1"),
        ({"MaGiayToKetQua": "", "DuongDanTepTinKetQua": "/result"}, "0"),
        ({"MaGiayToKetQua": "KQ", "DuongDanTepTinKetQua": " "}, "0"),
        ({"MaGiayToKetQua": "\u202f", "DuongDanTepTinKetQua": "/result"}, "0"),
        # The applicant's own file came back, because there is no result.
        ({"MaGiayToKetQua": "KQ", "DuongDanTepTinKetQua": "/đầu-vào\u00a0"}, "0"),
    ],
)
def test_electronic_results(result: dict[str, str], electronic: str) -> None:
    file = unicodedata.normalize("NFD", "/đầu-vào")
    row = read("dossiers", TaiLieuNop=[{"DuongDanTaiTepTin": file}], DanhSachGiayToKetQua=[result])
    assert (row.result_count, row.electronic_result_count) == ("1", electronic)


def test_supplements_are_counted() -> None:
    asked = [{"HoSoBoSungId": "1"}, {"HoSoBoSungId": "2"}]
    assert read("dossiers", DanhSachHoSoBoSung=asked).supplement_count == "2"


def test_shared_databases_are_named_once() -> None:
    entries: list[dict[str, Any]] = [
        {"MaCSDL": "CSDLDC"},
        {"MaCSDL": " CSDLDC "},
        {"MaCSDL": ""},
        {"MaCSDL": 'a"b\\c'},
    ]
    array = read("dossiers", DSKetNoiCSDL=entries).shared_databases
    assert array == r'{"CSDLDC","a\\"b\\\\c"}'
