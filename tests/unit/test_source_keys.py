"""Distinct keys, and what is not known about records without one."""

from __future__ import annotations

from unittest import mock

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service_index.sources import keys
from service_index.sources.keys import KeyCounter


def test_keys_are_counted_once_whatever_else_the_record_holds() -> None:
    counter = KeyCounter(["MaHoSo"])

    assert counter.add([b'{"MaHoSo":"A","x":1}', b'{"y":[{}],"MaHoSo":"A"}']) == 1
    assert counter.add([b'{"MaHoSo":"A"}', b'{"MaHoSo":"B"}']) == 1
    assert (counter.distinct, counter.at_most) == (2, 2)


def test_every_part_of_a_compound_key_matters() -> None:
    counter = KeyCounter(["MaDonVi", "HieuLucTu"])
    counter.add([b'{"MaDonVi":"A","HieuLucTu":"1"}', b'{"MaDonVi":"A","HieuLucTu":"2"}'])
    counter.add([b'{"MaDonVi":"A1","HieuLucTu":""}', b'{"MaDonVi":"","HieuLucTu":"A1"}'])

    assert counter.distinct == 4


@given(
    st.lists(st.lists(st.integers(0, 40), max_size=30), max_size=12),
    st.integers(1, 20),
)
def test_distinct_keys_are_those_of_a_set(pages: list[list[int]], packed_at: int) -> None:
    counter, known = KeyCounter(["MaHoSo"]), set()
    with (
        mock.patch.object(keys, "_RECENT", packed_at),
        mock.patch.object(keys, "_ADDED_AT_ONCE", 3),
    ):
        for page in pages:
            added = counter.add(b'{"MaHoSo":"H%d"}' % number for number in page)
            assert added == len({*page} - known)
            known |= {*page}
    assert counter.distinct == counter.at_most == len(known)


@pytest.mark.parametrize(
    "record",
    [
        b"{}",
        b'{"MaHoSo":null}',
        b'{"MaHoSo":""}',
        b'{"MaHoSo":"  "}',
        b'{"MaHoSo":7}',
        b'{"MaHoSo":["A"]}',
        b'["A"]',
        b"null",
        b'{"MaHoSo":"A"',
        b'{"MaHoSo":"\xff"}',
        b'{"x":' + b"[" * 100_000,
    ],
)
def test_record_without_a_key_counts_as_one_and_its_repeat_perhaps(record: bytes) -> None:
    counter = KeyCounter(["MaHoSo"])
    counter.add([record, b'{"MaHoSo":"A"}', record])

    assert (counter.distinct, counter.at_most) == (2, 3)
