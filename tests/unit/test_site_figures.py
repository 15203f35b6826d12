"""Figures of pages: rounded once, compared exactly; file names that nothing can break out of."""

from __future__ import annotations

from decimal import Decimal

import pytest

from service_index.publishing.month import Points
from service_index.publishing.site import figures
from service_index.publishing.site.slugs import slug


@pytest.mark.parametrize(
    ("value", "printed"),
    [
        ("0.005", "+0,01"),
        ("-0.005", "−0,01"),
        ("0.0049999", "0,00"),
        ("-0.0049999", "0,00"),  # no "−0,00"
        ("-1234.5", "−1.234,50"),
        ("0", "0,00"),
    ],
)
def test_differences_carry_their_sign(value: str, printed: str) -> None:
    assert figures.signed(Decimal(value)) == printed


@pytest.mark.parametrize(
    ("left", "right", "by"),
    [
        ("77.2849", "75.7551", "1.52"),  # 77,28 and 75,76; exactly it would be 1,53
        ("6", "3.125000000000000000000000000001", "2.87"),
        ("0.004", "0", "0.00"),
        ("1.005", "1.0149", "0.00"),
    ],
)
def test_a_difference_is_that_of_the_printed_numbers(left: str, right: str, by: str) -> None:
    assert figures.difference(Decimal(left), Decimal(right)) == Decimal(by)
    assert figures.difference(Decimal(left), None) is None


def test_a_share_needs_something_to_be_a_part_of() -> None:
    assert figures.share(Points(Decimal(3), Decimal(12))) == Decimal("0.25")
    assert figures.share(Points(Decimal(0), Decimal(0))) is None
    assert figures.share(Points(None, None)) is None


def test_the_median_of_an_even_number_lies_half_way() -> None:
    assert figures.median([Decimal(9), Decimal(1), Decimal(4)]) == 4
    assert figures.median([Decimal(9), Decimal(1), Decimal(4), Decimal("4.1")]) == Decimal("4.05")
    assert figures.median([]) is None


@pytest.mark.parametrize(
    ("period", "vi", "en"),
    [
        ("2025-08", "tháng 8/2025", "August 2025"),
        ("2025-12", "tháng 12/2025", "December 2025"),
        ("2025Q3", "quý III/2025", "quarter 3 of 2025"),
        ("2025H1", "6 tháng đầu năm 2025", "first half of 2025"),
        ("2025H2", "6 tháng cuối năm 2025", "second half of 2025"),
        ("2025", "năm 2025", "year 2025"),
    ],
)
def test_periods_in_words(period: str, vi: str, en: str) -> None:
    assert (figures.month(period).vi, figures.month(period).en) == (vi, en)


def test_sizes_of_files() -> None:
    assert [(s.amount, s.unit) for s in map(figures.size, (999, 1000, 12_345_678))] == [
        ("999", "B"),
        ("1", "kB"),
        ("12,3", "MB"),
    ]


def test_a_name_stays_on_its_line() -> None:
    assert figures.name("Xã\n\u202e\x00A") == "Xã   A"
    assert len(figures.name("x" * 5_000)) == 160
    assert figures.name("") == figures.name(None) == "–"


CODES = [
    "11953",
    "h31-01",
    "H31-01",
    "H31.01",
    "h31.01",
    "H31/01",
    "../../etc/passwd",
    "..",
    ".",
    "",
    "con",
    "CON",
    "nul",
    "com1",
    "a" * 5_000,
    "a" * 5_001,
    "xã",
    "xa",
    "x\u0000a",
    "h31-01_0123456789ab",
    "%2e%2e",
    "-x",
    "x-",
]


def test_file_names_are_safe_and_each_code_has_its_own() -> None:
    made = [slug(code) for code in CODES]
    assert len({name.lower() for name in made}) == len(CODES)
    for name in made:
        assert 1 <= len(name) <= 60
        assert set(name) <= set("abcdefghijklmnopqrstuvwxyz0123456789-_")
        assert name not in {"con", "nul", "com1"}
    assert slug("11953") == "11953"


def test_a_code_cannot_pass_for_the_hash_of_another() -> None:
    other = slug("H31.01")
    assert slug(other) != other
