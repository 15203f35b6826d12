"""The report of a gate run: readable, self-contained, inert."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import UTC, date, datetime
from html.parser import HTMLParser
from pathlib import Path

import pytest

from service_index.quality import report
from service_index.quality.record import Batch, Quarantined
from service_index.quality.results import CheckResult, GateResult

PASSED = CheckResult("raw_dossiers", "state_is_allowed", "fail", "Ten states.", passed=True)
WARNING = CheckResult(
    "raw_dossiers", "fee_is_whole", "warn", "Whole đồng.", False, 12_345, 1_234, {3: 1_234}
)
FAILURE = CheckResult(
    "raw_dossiers", "unit_is_known", "fail", "<script>alert(1)</script>", False, 12_345, 7, {3: 7}
)
BATCH = Batch(
    batch_id=3,
    feed="<b>dossiers</b>",
    kind="window",
    window_from=datetime(2025, 2, 28, 17, tzinfo=UTC),
    window_to=datetime(2025, 3, 31, 17, tzinfo=UTC),
    delivered=12_345,
    loaded=12_000,
    duplicates=340,
    quarantined=5,
)
RETRY = Batch(4, "dossiers", "retry", None, None, 1, 1, 0, 0)


def result(tmp_path: Path, *checks: CheckResult, refused: tuple[int, ...] = ()) -> GateResult:
    ran_at = datetime(2025, 4, 1, 18, 30, tzinfo=UTC)
    return GateResult(9, "batch", ran_at, checks, refused, tmp_path / "batch" / "9.html")


class _Page(HTMLParser):
    """Collects tags that load something, the text, and whether every tag is closed."""

    VOID = frozenset({"meta", "br", "link", "img"})

    def __init__(self, page: str) -> None:
        super().__init__()
        self.tags: set[str] = set()
        self.open: list[str] = []
        self.text = ""
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        assert not {name for name, _ in attrs} & {"src", "href", "onclick"}
        if tag not in self.VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.text += data


def read(page: str) -> _Page:
    parsed = _Page(page)
    assert parsed.open == []
    parsed.text = " ".join(parsed.text.split())
    return parsed


def test_a_failed_run_shows_what_failed_first(tmp_path: Path) -> None:
    run = result(tmp_path, PASSED, WARNING, FAILURE, refused=(3,))
    page = read(report.render(run, [RETRY, BATCH], None))

    order = [page.text.index(name) for name in ("unit_is_known", "fee_is_whole", "state_is")]
    assert order == sorted(order)
    assert page.text.index("<b>dossiers</b>") < page.text.index("retry")
    for shown in (
        "Không đạt Failed",
        "02/04/2025 01:30:00",
        "01/03/2025 00:00 – 01/04/2025 00:00",
        "12.345",
        "1.234 / 12.345",
        "Lô: 3 (7)",
    ):
        assert shown in page.text
    assert "DỮ LIỆU MẪU" not in page.text


def test_a_check_names_what_to_look_for_and_why_it_was_let_pass(tmp_path: Path) -> None:
    named = replace(FAILURE, names=("<i>Khoa</i>", "NgayHenTra"))
    let_pass = replace(named, overridden_because="<b>closed</b> (an engineer)")
    page = read(report.render(result(tmp_path, named), [BATCH], None))
    assert "<i>Khoa</i>; NgayHenTra" in page.text
    assert "Không đạt Failed" in page.text
    page = read(report.render(result(tmp_path, let_pass), [BATCH], None))
    assert "let pass because: <b>closed</b> (an engineer)" in page.text
    assert "Không đạt Failed" not in page.text
    assert not page.tags & {"i"}


def test_a_passed_run_says_so_and_marks_sample_data(tmp_path: Path) -> None:
    page = read(report.render(result(tmp_path, PASSED), [BATCH], None, is_sample=True))
    assert "Đạt Passed" in page.text
    assert "Không đạt Failed" not in page.text
    assert page.text.index("DỮ LIỆU MẪU") < page.text.index("Batch gate")


def test_the_page_runs_and_loads_nothing(tmp_path: Path) -> None:
    page = report.render(result(tmp_path, FAILURE, refused=(3,)), [BATCH], None)
    assert not read(page).tags & {"script", "link", "img", "iframe", "object"}
    assert "<script>" not in page
    assert "<b>dossiers" not in page
    assert not re.search(r"https?:|url\(|@import", page)


@pytest.mark.parametrize(
    ("periods", "shown"),
    [
        (["2025-02-01", "2025-03-01"], "02/2025, 03/2025"),
        (["2025H1", "2025Q2"], "2025H1, 2025Q2"),
        (None, "tất cả all"),
    ],
)
def test_the_periods_of_the_marts(tmp_path: Path, periods: list[str] | None, shown: str) -> None:
    many = {date(2024 + n // 12, 1 + n % 12, 1): n for n in range(15)}
    check = CheckResult("fct_measure", "value_is_in_range", "fail", "Counts.", False, 99, 9, many)
    run = GateResult(
        2, "marts", datetime(2025, 4, 1, tzinfo=UTC), (check,), (), tmp_path / "2.html"
    )
    page = read(report.render(run, [], periods))
    assert shown in page.text
    assert "Kỳ: 01/2024 (0), 02/2024 (1)" in page.text
    assert "… +3" in page.text
    assert "Lô dữ liệu" not in page.text


def test_the_file_is_whole_or_not_there(tmp_path: Path) -> None:
    run = result(tmp_path, PASSED)
    report.write(run, [BATCH], None)
    report.write(run, [BATCH], None)
    assert [path.name for path in run.report_path.parent.iterdir()] == ["9.html"]
    assert run.report_path.read_text(encoding="utf-8") == report.render(run, [BATCH], None)


def test_refused_records_are_counted_by_feed_and_rule(tmp_path: Path) -> None:
    quarantine = [
        Quarantined("dossiers", "unknown_unit", 12_345, 11),
        Quarantined("<i>payments</i>", "wrong_type", 2, 0),
    ]
    page = read(report.render(result(tmp_path, PASSED), [BATCH], None, quarantine=quarantine))
    assert "dossiers unknown_unit 12.345 11" in page.text
    assert "<i>payments</i> wrong_type 2 0" in page.text
    assert "still waiting" not in read(report.render(result(tmp_path, PASSED), [BATCH], None)).text
