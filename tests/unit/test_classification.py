"""Every field and every raw column has a class, and no personal data a column."""

from __future__ import annotations

import re
from typing import Annotated, NamedTuple

import msgspec
import pytest

from service_index.landing.files import NESTED_FIELDS
from service_index.loading.classification import PersonalData, Sensitivity
from service_index.loading.contract import Contract, Identifier, Internal, PersonName, Text
from service_index.loading.contracts import CONTRACTS
from service_index.loading.converters import code, text

# What no field is called that tells of nobody: a new one must be thought about.
OF_A_PERSON = re.compile(r"chuhoso|dinhdanh|dienthoai|email|hoten|tieude|diachi|ngaysinh", re.I)


@pytest.mark.parametrize("feed", CONTRACTS)
def test_every_field_and_every_column_has_a_class(feed: str) -> None:
    contract = CONTRACTS[feed]
    assert list(contract.classes) == list(contract.record.__struct_fields__)
    assert list(contract.raw_classes) == list(contract.raw_columns)
    assert not any(isinstance(kind, PersonalData) for kind in contract.raw_classes.values())


@pytest.mark.parametrize("feed", CONTRACTS)
def test_what_is_called_as_of_a_person_is_personal(feed: str) -> None:
    contract = CONTRACTS[feed]
    called = {field for field in contract.classes if OF_A_PERSON.search(field)}
    assert called == contract.personal_fields.keys()


@pytest.mark.parametrize("feed", CONTRACTS)
def test_a_key_of_one_case_is_an_identifier(feed: str) -> None:
    contract = CONTRACTS[feed]
    expected = Sensitivity.PUBLIC if contract.is_snapshot else Sensitivity.IDENTIFIER
    assert {contract.raw_classes[column] for column in contract.key} == {expected}


def test_entries_of_lists_are_classed_and_their_files_are_personal() -> None:
    lists = CONTRACTS["dossiers"].entry_classes
    # Of the identities nothing is read at all.
    assert lists.keys() == NESTED_FIELDS - {"DinhDanhCHS"}
    assert lists["TaiLieuNop"]["DuongDanTaiTepTin"] is PersonalData.FREE_TEXT
    assert lists["DanhSachGiayToKetQua"]["DuongDanTepTinKetQua"] is PersonalData.FREE_TEXT


class _Row(NamedTuple):
    record_id: Annotated[str, code("Ma", is_key=True)]


class _RowOfAName(NamedTuple):
    record_id: Annotated[str, code("Ma", is_key=True)]
    name: Annotated[str, text("HoTen")]


def test_a_field_without_a_class_is_no_contract() -> None:
    record = msgspec.defstruct("Record", [("Ma", Identifier, None), ("GhiChu", Text, None)])
    with pytest.raises(TypeError, match=r"without a class.*GhiChu"):
        Contract("dossiers", record, _Row, ("record_id",))


def test_an_entry_without_a_class_is_no_contract() -> None:
    entry = msgspec.defstruct("Entry", [("GhiChu", str | None, None)])
    entries = Annotated[list[entry] | str | None, Sensitivity.INTERNAL]
    record = msgspec.defstruct("Record", [("Ma", Identifier, None), ("DS", entries, None)])
    with pytest.raises(TypeError, match="Entry: without a class"):
        Contract("dossiers", record, _Row, ("record_id",))


def test_a_column_of_personal_data_is_no_contract() -> None:
    record = msgspec.defstruct("Record", [("Ma", Internal, None), ("HoTen", PersonName, None)])
    with pytest.raises(TypeError, match=r"_RowOfAName.name: personal data is not loaded"):
        Contract("dossiers", record, _RowOfAName, ("record_id",))
