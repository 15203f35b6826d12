"""What a revision changes, in words: `Xã A: tiêu chí 05: 0,981 → 0,979, 12 hồ sơ đến muộn`.

Told from what the public may see of both revisions, so that it gives away nothing that either of
them withholds.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal

from service_index.publishing import labels
from service_index.publishing.edition import SAMPLE_NOTICE, Edition
from service_index.publishing.labels import Label
from service_index.publishing.month import CriterionScore, MonthRelease, Revision, UnitScore
from service_index.publishing.printing import local_time, number, one_line
from service_index.publishing.quarantined import sentence

NOTHING = "–"

_RECORDS = {
    "dossiers": Label("hồ sơ", "dossier"),
    "procedures": Label("thủ tục", "procedure"),
    "petitions": Label("phản ánh, kiến nghị", "petition"),
    "ratings": Label("lượt đánh giá", "rating"),
}


# Of scores a sentence is made; these are told by their number, their values stand in CHANGES.csv.
_OTHER_TABLES = {
    "target_compliance": Label("Mức đạt chỉ tiêu", "compliance with the targets"),
    "compliance_cause": Label("Nguyên nhân chưa đạt", "causes of failing them"),
    "national_ranking": Label("Bảng xếp hạng toàn quốc", "national ranking"),
    "national_average": Label("Trung bình cả nước", "national averages"),
    "letter_figure": Label("Số liệu của công văn", "figures of the letter"),
    "criterion": Label("Danh mục tiêu chí", "catalogue of criteria"),
    "unit": Label("Danh mục đơn vị", "list of units"),
    "field": Label("Danh mục lĩnh vực", "list of fields"),
}


@dataclass(frozen=True)
class Restatement:
    """One number that changed; `criterion_code` is None for a total.

    `old` and `new` are as printed in Vietnam; `because` says what moved it, None if that is not
    known or not for the public.
    """

    unit_code: str
    unit_name: str
    criterion_code: str | None
    what: Label
    old: str
    new: str
    because: Label | None

    @property
    def line(self) -> Label:
        """The whole sentence, in both languages."""
        change = f"{self.old} → {self.new}"
        tail = self.because or Label("", "")
        return Label(
            f"{self.unit_name}: {self.what.vi} {change}" + (f", {tail.vi}" if tail.vi else ""),
            f"{self.unit_name}: {self.what.en} {_english(change)}"
            + (f", {tail.en}" if tail.en else ""),
        )


def restatements(release: MonthRelease) -> list[Restatement]:
    """Every total, rank and criterion that differs from the revision before, by unit.

    Empty for a first release.
    """
    before = release.previous
    if before is None:
        return []
    codes = [*release.units, *(code for code in before.units if code not in release.units)]
    return [
        restatement
        for code in codes
        for restatement in (*_of_unit(release, before, code), *_of_criteria(release, before, code))
    ]


def other_changes(release: MonthRelease) -> list[tuple[Label, int]]:
    """How many values changed in each table of which no sentence is made."""
    counted = Counter(change.relation for change in release.changes)
    return [(label, counted[name]) for name, label in _OTHER_TABLES.items() if counted[name]]


def notice(release: MonthRelease) -> str:
    """The notice of a revision as plain text: Vietnamese, then English."""
    edition = release.edition
    lines = [
        *(item.line for item in restatements(release)),
        *(
            Label(f"{table.vi}: {count} giá trị", f"{table.en}: {count} values")
            for table, count in other_changes(release)
        ),
    ]
    parts = [f"{SAMPLE_NOTICE}\n"] if edition.is_sample else []
    for language in ("vi", "en"):
        parts.append(_head(edition, len(release.changes), language))
        parts += [f"- {getattr(line, language)}\n" for line in lines]
        parts.append("\n")
    return "".join(parts).rstrip("\n") + "\n"


def _head(edition: Edition, count: int, language: str) -> str:
    reason = getattr(labels.REASONS[edition.reason or "late_data"], language)
    status = getattr(labels.STATUSES[edition.status], language)
    cutoff = local_time(edition.data_cutoff)
    name = one_line(edition.province_name)
    refused = ""
    if edition.quarantine is not None:
        refused = f"{getattr(sentence(edition.quarantine), language)}\n"
    if language == "vi":
        return (
            f"THÔNG BÁO ĐIỀU CHỈNH SỐ LIỆU {edition.period}, bản {edition.revision} "
            f"({edition.release_id}) thay bản {edition.previous_release_id}\n"
            f"{name}. Lý do: {reason}. Trạng thái: {status}. "
            f"Số liệu đến {cutoff}.\n{refused}Số giá trị thay đổi (CHANGES.csv): {count}\n"
        )
    return (
        f"NOTICE OF REVISION, {edition.period}: {edition.release_id} replaces "
        f"{edition.previous_release_id}\n"
        f"{name}. Reason: {reason}. Status: {status}. Data up to {cutoff}.\n"
        f"{refused}Values changed (CHANGES.csv): {count}\n"
    )


def _of_unit(release: MonthRelease, before: Revision, code: str) -> Iterator[Restatement]:
    new, old = release.units.get(code), before.units.get(code)
    unit = new or old
    if unit is None:
        return
    pairs = (
        (Label("tổng điểm", "total score"), _total(old), _total(new)),
        (Label("hạng", "rank"), _rank(old), _rank(new)),
    )
    for what, earlier, later in pairs:
        if earlier != later:
            yield Restatement(code, one_line(unit.unit_name), None, what, earlier, later, None)


def _of_criteria(release: MonthRelease, before: Revision, code: str) -> Iterator[Restatement]:
    unit = release.units.get(code) or before.units[code]
    for criterion in release.criteria:
        key = (code, criterion.criterion_code)
        new, old = release.criterion_scores.get(key), before.criterion_scores.get(key)
        if not _differ(old, new):
            continue
        earlier, later = _values(old, new)
        if earlier == later:  # nothing that a sentence could tell
            continue
        what = Label(f"tiêu chí {key[1]}:", f"criterion {key[1]}:")
        because = _because(old, new, _RECORDS[criterion.counts], release.edition.reason)
        yield Restatement(code, one_line(unit.unit_name), key[1], what, earlier, later, because)


def _differ(old: CriterionScore | None, new: CriterionScore | None) -> bool:
    """Counts that only one of two revisions withholds are no change that anybody may see."""
    if old is None or new is None:
        return old is not new
    if old.withheld or new.withheld:
        return _seen(old) != _seen(new)
    return old != new


def _seen(score: CriterionScore) -> tuple[Decimal | None, Decimal | None, str]:
    """What is withheld of no criterion."""
    return score.score, score.max_points, score.status


def _values(old: CriterionScore | None, new: CriterionScore | None) -> tuple[str, str]:
    """Both rates where both may be seen, else both scores; with the digits that tell them apart.

    The same rate of other counts is told by the counts, the same score of another maximum by both.
    """
    if old is not None and new is not None:
        counts = [(score.numerator, score.denominator) for score in (old, new)]
        if old.rate is not None and old.rate == new.rate and counts[0] != counts[1]:
            return f"{old.numerator}/{old.denominator}", f"{new.numerator}/{new.denominator}"
        if old.rate is not None and new.rate is not None and old.rate != new.rate:
            return _apart(old.rate, new.rate, 3)
        if old.score is not None and new.score is not None:
            earlier, later = _apart(old.score, new.score, 2)
            if old.score == new.score and old.max_points is not None and new.max_points is not None:
                maximum, maximum_now = _apart(old.max_points, new.max_points, 2)
                return f"{earlier}/{maximum}", f"{later}/{maximum_now}"
            return earlier, later
    return _state(old), _state(new)


def _state(score: CriterionScore | None) -> str:
    if score is None or score.status == "not_applicable":
        return NOTHING
    if score.status == "suspended":
        return labels.STATUSES["suspended"].vi.lower()
    return NOTHING if score.score is None else number(score.score, 2)


def _apart(old: Decimal, new: Decimal, places: int) -> tuple[str, str]:
    """Two different numbers are never printed alike: 0,9812 → 0,9811."""
    while old != new and number(old, places) == number(new, places):
        places += 1
    return number(old, places), number(new, places)


def _because(
    old: CriterionScore | None, new: CriterionScore | None, records: Label, reason: str | None
) -> Label | None:
    if old is None or new is None:
        return None
    if old.withheld or new.withheld:
        return Label("n<5", "n<5")
    if None in {old.denominator, new.denominator, old.numerator, new.numerator}:
        return None
    more = (new.denominator or 0) - (old.denominator or 0)
    moved = abs((new.numerator or 0) - (old.numerator or 0))
    records_en = records.en if 1 in {abs(more), 0 if more else moved} else f"{records.en}s"
    if more > 0 and reason == "late_data":
        return Label(f"{more} {records.vi} đến muộn", f"{more} late {records_en}")
    if more:
        return Label(f"{more:+d} {records.vi}", f"{more:+d} {records_en}")
    told = Label(f"{moved} {records.vi} đổi kết quả", f"{moved} {records_en} judged anew")
    return told if moved else None


def _total(unit: UnitScore | None) -> str:
    return NOTHING if unit is None or unit.total_score is None else number(unit.total_score, 2)


def _rank(unit: UnitScore | None) -> str:
    return NOTHING if unit is None or unit.rank is None else f"{unit.rank}/{unit.rank_out_of}"


def _english(text: str) -> str:
    suspended = labels.STATUSES["suspended"]
    return text.translate(str.maketrans(",.", ".,")).replace(suspended.vi.lower(), suspended.en)
