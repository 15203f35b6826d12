"""The sentences of a revision's notice."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from fractions import Fraction

import pytest

from service_index.publishing.month import (
    Change,
    Criterion,
    CriterionScore,
    MonthRelease,
    Revision,
)
from service_index.publishing.notice import notice, other_changes, restatements
from tests import letter_support

CRITERION = Criterion(
    "05", "timeliness", "II", None, "Đúng hạn", "On time", Decimal(20), "M", "all", Decimal(1),
    "a", "a", "b", "b", "dossiers", None, None, None,
)  # fmt: skip


def score(numerator: int, denominator: int, most: int = 20, **facts: object) -> CriterionScore:
    share = Fraction(numerator, denominator)
    rate = Decimal(share.numerator) / Decimal(share.denominator)
    made = CriterionScore(
        "X1", "05", numerator, denominator, rate, Decimal(most), most * rate, "scored", None
    )
    return replace(made, **facts)  # type: ignore[arg-type]


def withheld(of: CriterionScore) -> CriterionScore:
    return replace(of, numerator=None, denominator=None, rate=None, withheld="n<5")


SUSPENDED = replace(
    score(9, 10), numerator=None, denominator=None, rate=None, score=None, status="suspended"
)


def revision(
    old: CriterionScore | None, new: CriterionScore | None, reason: str = "late_data"
) -> MonthRelease:
    unit = letter_support.unit("X1", "commune", rank=3, unit_name="Xã A")
    release = letter_support.release([unit])
    before = {("X1", "05"): old} if old else {}
    edition = replace(release.edition, revision=2, reason=reason, previous_release_id="2025-08.r1")
    return replace(
        release,
        edition=edition,
        criteria=[CRITERION],
        criterion_scores={("X1", "05"): new} if new else {},
        previous=Revision("2025-08.r1", release.units, before),
    )


@pytest.mark.parametrize(
    ("old", "new", "vi", "en"),
    [
        (
            score(55, 56), score(60, 68),
            "Xã A: tiêu chí 05: 0,982 → 0,882, 12 hồ sơ đến muộn",
            "Xã A: criterion 05: 0.982 → 0.882, 12 late dossiers",
        ),
        (
            score(60, 60), score(70, 70),
            "Xã A: tiêu chí 05: 60/60 → 70/70, 10 hồ sơ đến muộn",
            "Xã A: criterion 05: 60/60 → 70/70, 10 late dossiers",
        ),
        (
            score(9999, 10000), score(9998, 10000),
            "Xã A: tiêu chí 05: 0,9999 → 0,9998, 1 hồ sơ đổi kết quả",
            "Xã A: criterion 05: 0.9999 → 0.9998, 1 dossier judged anew",
        ),
        (
            score(60, 70), score(55, 60),
            "Xã A: tiêu chí 05: 0,857 → 0,917, -10 hồ sơ",
            "Xã A: criterion 05: 0.857 → 0.917, -10 dossiers",
        ),
        (
            score(56, 60), score(56, 60, most=30),
            "Xã A: tiêu chí 05: 18,67 → 28,00",
            "Xã A: criterion 05: 18.67 → 28.00",
        ),
        (
            score(0, 60), score(0, 60, most=30),
            "Xã A: tiêu chí 05: 0,00/20,00 → 0,00/30,00",
            "Xã A: criterion 05: 0.00/20.00 → 0.00/30.00",
        ),
        (
            score(0, 60), withheld(score(0, 4, most=30)),
            "Xã A: tiêu chí 05: 0,00/20,00 → 0,00/30,00, n<5",
            "Xã A: criterion 05: 0.00/20.00 → 0.00/30.00, n<5",
        ),
        (
            score(1, 2), withheld(score(1, 3)),
            "Xã A: tiêu chí 05: 10,00 → 6,67, n<5",
            "Xã A: criterion 05: 10.00 → 6.67, n<5",
        ),
        (
            score(9, 10),
            SUSPENDED,
            "Xã A: tiêu chí 05: 18,00 → tạm ngừng công bố",
            "Xã A: criterion 05: 18.00 → suspended",
        ),
        (None, score(9, 10), "Xã A: tiêu chí 05: – → 18,00", "Xã A: criterion 05: – → 18.00"),
    ],
)  # fmt: skip
def test_a_changed_criterion_is_one_sentence(
    old: CriterionScore | None, new: CriterionScore, vi: str, en: str
) -> None:
    [told] = restatements(revision(old, new))
    assert (told.line.vi, told.line.en) == (vi, en)
    assert vi in notice(revision(old, new))


def test_counts_that_one_revision_withholds_are_no_change() -> None:
    assert restatements(revision(withheld(score(1, 2)), score(5, 10))) == []
    assert restatements(revision(score(5, 10), score(5, 10))) == []


def test_what_no_sentence_can_tell_is_no_sentence() -> None:
    suspended = replace(SUSPENDED, max_points=Decimal(30))
    assert restatements(revision(SUSPENDED, suspended)) == []
    none = replace(SUSPENDED, status="not_applicable")
    assert restatements(revision(None, none)) == []
    assert restatements(revision(replace(none, denominator=0), none)) == []


def test_a_name_moves_no_line() -> None:
    release = revision(score(1, 2), score(1, 3))
    unit = replace(release.units["X1"], unit_name="Xã\nA\u202e", rank=4)
    edition = replace(release.edition, province_name="Tỉnh\r\nB\x1b")
    text = notice(replace(release, units={"X1": unit}, edition=edition))
    assert text.count("- Xã A : ") == 4  # rank and criterion, in both languages
    assert "\nTỉnh  B . " in text
    assert not set(text) & {"\r", "\x1b", "\u202e"}


def test_more_records_are_late_only_where_that_is_the_reason() -> None:
    [told] = restatements(revision(score(55, 56), score(60, 68), reason="source_correction"))
    assert told.line.vi.endswith("0,882, +12 hồ sơ")


def test_what_has_no_sentence_is_counted() -> None:
    release = revision(score(5, 10), score(5, 10))
    changes = [
        Change("national_ranking", f"province_code={n}", "rank", None, str(n), "late_data", None)
        for n in range(63)
    ]
    release = replace(release, changes=changes)
    [(table, count)] = other_changes(release)
    assert (table.vi, count) == ("Bảng xếp hạng toàn quốc", 63)
    text = notice(release)
    assert "Số giá trị thay đổi (CHANGES.csv): 63" in text
    assert "- Bảng xếp hạng toàn quốc: 63 giá trị\n" in text
    assert "- national ranking: 63 values\n" in text


def test_a_first_release_restates_nothing() -> None:
    assert restatements(replace(revision(None, score(1, 2)), previous=None)) == []
