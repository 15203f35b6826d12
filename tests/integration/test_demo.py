"""`service-index demo` at the province's true size: the papers' figures, and the oracle's."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal
from fractions import Fraction
from pathlib import Path

import demo_files
import psycopg
import pytest
from demo_corrections import correct_one_percent_of_august, writers_before_august
from demo_papers import FORM, LETTER

from docs.criteria_page import examples
from docs.criteria_page.__main__ import EXAMPLES
from service_index.landing.store import LandingStore
from service_index.orchestration import stages, transform
from service_index.settings import ICT, load
from service_index.sources.inbox import take_files
from service_index.warehouse import embedded
from simulator import reference
from tests.canary_search import marks_in, marks_in_database, marks_in_file, marks_in_tree
from tests.oracle.calculate import calculate
from tests.oracle.compare import compare, compare_form
from tests.oracle.form import calculate_form
from tests.oracle.policy import Policy
from tests.oracle.versions import Delivery
from tests.pipeline import open_pipeline

pytestmark = pytest.mark.full_size

PROVINCE = "33"
MARCH = date(2025, 3, 1)
QUARTER = [date(2025, 7, 1), date(2025, 8, 1), date(2025, 9, 1)]
CUTOFF = datetime(2025, 9, 16, tzinfo=ICT)
FEEDS = ("units", "procedures", "dossiers", "payments", "petitions", "ratings")


@dataclass(frozen=True)
class Demo:
    home: Path
    dsn: str
    printed: str


def _run(home: Path) -> str:
    ran = subprocess.run(
        [str(Path(sys.executable).with_name("service-index")), "demo"],
        env=os.environ | {"SERVICE_INDEX_HOME": str(home), "COLUMNS": "120"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert ran.returncode == 0, ran.stdout + ran.stderr
    return ran.stdout + ran.stderr


@pytest.fixture(scope="module")
def demo() -> Iterator[Demo]:
    home = Path(tempfile.mkdtemp(prefix="si-demo-"))
    home.chmod(0o755)
    try:
        printed = _run(home)
        yield Demo(home, embedded.database_dsn(home, "warehouse"), printed)
    finally:
        embedded.stop(home)
        shutil.rmtree(home, ignore_errors=True)


@pytest.fixture
def published(demo: Demo) -> Iterator[psycopg.Connection]:
    with psycopg.connect(demo.dsn) as connection:
        yield connection


def test_march_prints_the_letter(published: psycopg.Connection) -> None:
    rows = published.execute(
        "select row_code, printed_value, out_of from marts.mart_letter_figure "
        "where period_month = %s and province_code = %s",
        [MARCH, PROVINCE],
    ).fetchall()
    printed = {row[0]: (row[1], row[2]) for row in rows}
    assert {row: printed[row] for row in LETTER} == LETTER
    assert printed.keys() - LETTER.keys() == {
        "transparency_rate",
        "satisfaction_rank",
        "digitisation_rank",
    }


def test_exact_values_stand_behind_the_printed_ones(published: psycopg.Connection) -> None:
    scores = published.execute(
        "select score, numerator, denominator, max_points from published.current_criterion_score "
        "where period_month = %s and unit_code = %s",
        [MARCH, PROVINCE],
    ).fetchall()
    assert len(scores) == 21
    exact = sum(Fraction(int(maximum) * num, den) for _, num, den, maximum in scores)
    row = published.execute(
        "select raw_points, applicable_max_points, total_score "
        "from published.current_monthly_score where period_month = %s and unit_code = %s",
        [MARCH, PROVINCE],
    ).fetchone()
    assert row is not None
    assert row[1] == 100
    assert abs(Fraction(row[0]) - exact) < Fraction(1, 10**20)
    assert abs(Fraction(row[2]) - exact) < Fraction(1, 10**20)
    # More decimals than any letter prints.
    assert row[2] != round(row[2], 10)


def test_our_points_reconcile_with_the_portals(published: psycopg.Connection) -> None:
    rows = published.execute(
        "select group_code, difference from marts.mart_score_reconciliation "
        "where period_month = %s and province_code = %s",
        [MARCH, PROVINCE],
    ).fetchall()
    assert len(rows) == 7
    for group, difference in rows:
        assert abs(difference) <= Decimal("0.005"), group


def test_the_nation_is_ranked_in_either_regime(published: psycopg.Connection) -> None:
    rows = published.execute(
        "select period_month, count(*), min(rank_out_of), max(rank_out_of), "
        "max(rank) filter (where province_code = %s), "
        "max(computed_rank) filter (where province_code = %s) "
        "from marts.mart_national_ranking group by 1 order by 1",
        [PROVINCE, PROVINCE],
    ).fetchall()
    assert [row[:5] for row in rows] == [
        (MARCH, 63, 63, 63, 28),
        (QUARTER[0], 34, 34, 34, 20),
        (QUARTER[1], 34, 34, 34, 20),
        (QUARTER[2], 34, 34, 34, 9),
    ]
    assert rows[0][5] == 28


def test_the_form_prints_as_the_paper_does(published: psycopg.Connection) -> None:
    rows = published.execute(
        "select row_code, printed_value from published.current_statistical_form "
        "where period = '2025Q3' and province_code = %s",
        [PROVINCE],
    ).fetchall()
    printed = dict(rows)
    assert {row: printed[row] for row in FORM} == FORM


def test_the_forms_own_identities_hold(published: psycopg.Connection) -> None:
    failing = published.execute(
        "select identity, left_value, right_value from marts.mart_form_check "
        "where period = '2025Q3' and province_code = %s and holds is false",
        [PROVINCE],
    ).fetchall()
    assert failing == []


@pytest.mark.fault(19, "the merger of July 2025 at the province's true size")
def test_former_districts_are_the_sums_of_their_communes(published: psycopg.Connection) -> None:
    # The merger map as the reference states it, commune by commune.
    district = {commune.code: commune.district_code for commune in reference.load().communes}
    for criterion in ("05", "11", "21"):
        expected: dict[str, tuple[int, int]] = {}
        for unit, numerator, denominator in published.execute(
            "select unit_code, numerator, denominator from marts.fct_criterion_score "
            "where period_month = %s and criterion_code = %s and unit_type = 'commune'",
            [QUARTER[1], criterion],
        ):
            met, counted = expected.get(district[unit], (0, 0))
            expected[district[unit]] = (met + numerator, counted + denominator)
        found = published.execute(
            "select unit_code, numerator, denominator "
            "from intermediate.int_former_unit_criterion_score "
            "where period_month = %s and criterion_code = %s and unit_type = 'district'",
            [QUARTER[1], criterion],
        ).fetchall()
        assert len(expected) == 18
        assert {row[0]: row[1:] for row in found} == expected


def test_former_districts_are_ranked_and_former_provinces_only_scored(
    published: psycopg.Connection,
) -> None:
    rows = published.execute(
        "select unit_code, unit_type, rank, rank_out_of, is_series_break "
        "from marts.mart_former_unit_score where period_month = %s",
        [QUARTER[0]],
    ).fetchall()
    assert sorted(row[2] for row in rows if row[1] == "district") == list(range(1, 19))
    assert {row[0]: row[2] for row in rows if row[1] == "province"} == {"33": None, "34": None}
    assert {row[4] for row in rows} == {True}


def test_the_criteria_page_shows_the_marts_figures(demo: Demo) -> None:
    assert examples.fetch_examples(demo.dsn) == examples.read_examples(EXAMPLES)


def test_the_quarter_has_the_reports_balance(published: psycopg.Connection) -> None:
    rows = published.execute(
        """
        select
            period_month, carried_over, received_in_person, received_online, received_by_post,
            withdrawn + stopped, open_on_time, open_overdue
        from marts.mart_dossier_balance
        where unit_code = %s and period_month = any(%s)
        order by period_month
        """,
        [PROVINCE, QUARTER],
    ).fetchall()
    assert [row[0] for row in rows] == QUARTER
    assert rows[0][1] == 1_730
    received_and_ended = [sum(column) for column in zip(*(row[2:6] for row in rows), strict=True)]
    assert received_and_ended == [25_765, 240_427, 0, 11_418]
    assert rows[-1][6:] == (9_265, 583)


@pytest.mark.parametrize(
    ("unit_type", "resolved", "on_time"),
    [("department", 16_095, 15_700), ("commune", 230_561, 228_831)],
)
def test_the_quarter_has_the_forms_resolved_dossiers(
    published: psycopg.Connection, unit_type: str, resolved: int, on_time: int
) -> None:
    row = published.execute(
        """
        select sum(numerator), sum(denominator) from published.current_criterion_score
        where criterion_code = '05' and unit_type = %s and period_month = any(%s)
        """,
        [unit_type, QUARTER],
    ).fetchone()
    assert row == (on_time, resolved)


def test_the_balance_closes_for_every_unit_and_month(published: psycopg.Connection) -> None:
    row = published.execute(
        """
        select count(*), count(*) filter (
            where carried_over + received_online + received_in_person + received_by_post
            <> resolved_early + resolved_on_the_day + resolved_late
                + withdrawn + stopped + open_on_time + open_overdue
        )
        from marts.mart_dossier_balance
        """
    ).fetchone()
    assert row is not None
    assert row[0] > 500
    assert row[1] == 0


def test_units_stand_on_both_sides_of_the_target(published: psycopg.Connection) -> None:
    for month in QUARTER:
        row = published.execute(
            """
            select count(*) filter (where is_compliant), count(*) filter (where not is_compliant)
            from published.current_target_compliance
            where period_month = %s and basis = 'month' and metric_code = 'end_to_end_online'
                and field_code = '*'
            """,
            [month],
        ).fetchone()
        assert row is not None
        assert min(row) >= 5


def _deliveries(demo: Demo) -> list[Delivery]:
    """What the sample source serves, as delivered once; each delivery can be read once."""

    def records(feed: str) -> Iterator[object]:
        with (demo.home / "sample" / f"{feed}.jsonl").open("rb") as lines:
            yield from map(json.loads, lines)

    landed_at = datetime.now(UTC)
    return [
        Delivery(feed, records(feed), landed_at, None if feed in FEEDS[:2] else CUTOFF)
        for feed in FEEDS
    ]


def test_every_row_agrees_with_the_independent_calculation(demo: Demo) -> None:
    with psycopg.connect(demo.dsn) as connection:
        civil_status = connection.execute(
            "select distinct field_code from marts.dim_procedure where field_name = 'Hộ tịch'"
        ).fetchone()
        assert civil_status is not None
        policy = Policy(civil_status[0])
        compare(calculate(_deliveries(demo), [MARCH, *QUARTER], CUTOFF, policy), connection)


def test_the_form_agrees_with_the_independent_calculation(demo: Demo) -> None:
    with psycopg.connect(demo.dsn) as connection:
        form = calculate_form(_deliveries(demo), ["2025Q3"], [PROVINCE], CUTOFF)
        compare_form(form, connection)


def test_it_prints_what_a_newcomer_wants_to_know(demo: Demo) -> None:
    for wanted in ("DỮ LIỆU MẪU", "2025-03.r1", "2025-09.r1", "top communes", "bottom communes"):
        assert wanted in demo.printed
    assert "Traceback" not in demo.printed


def test_it_ends_with_documents_pages_and_tables_of_every_release(demo: Demo) -> None:
    with psycopg.connect(demo.dsn) as connection:
        for period, folder in demo_files.folders(demo.home / "releases").items():
            demo_files.check_contents(folder, "form" if "Q" in period else "monthly")
            demo_files.check_trust(folder, connection)
    home_page = demo.home / "releases" / "index.html"
    assert home_page.as_uri() in demo.printed.replace("\n", "")
    assert "DỮ LIỆU MẪU" in home_page.read_text("utf-8")


def test_the_letter_of_march_prints_what_the_office_printed(demo: Demo) -> None:
    folder = demo_files.folders(demo.home / "releases")["2025-03"]
    text = demo_files.text_of(folder / "documents" / "letter.pdf")
    for row, (printed, out_of) in LETTER.items():
        assert (printed if out_of is None else f"{printed}/{out_of}") in text, row


def test_the_form_of_the_quarter_prints_what_the_office_printed(demo: Demo) -> None:
    folder = demo_files.folders(demo.home / "releases")["2025Q3"]
    words = demo_files.text_of(folder / "documents" / "statistical_form.pdf").split()
    for row, printed in FORM.items():
        assert printed in words, row


def test_a_second_run_fetches_nothing_and_releases_nothing(demo: Demo) -> None:
    landed = sorted(demo.home.glob("landing/*/*/manifest.json"))
    printed = _run(demo.home)
    assert sorted(demo.home.glob("landing/*/*/manifest.json")) == landed
    assert "nothing new to fetch" in printed
    with psycopg.connect(demo.dsn) as connection:
        releases = connection.execute("select release_id from published.release order by 1")
        assert [row[0] for row in releases] == [
            "2025-03.r1",
            "2025-07.r1",
            "2025-08.r1",
            "2025-09.r1",
            "2025Q3.r1",
        ]


def test_nobody_of_the_sample_is_outside_landing_and_quarantine(demo: Demo) -> None:
    """Marks stand in every personal value that the sample source has served."""
    assert marks_in(demo.printed) == set()
    assert marks_in_tree(demo.home, ["landing", "postgres", "sample"]) == {}
    (page, *_) = sorted((demo.home / "landing" / "dossiers").glob("*/page-*"))
    assert marks_in_file(page.name, page.read_bytes())
    # What staging shows of raw is searched in small, test_canaries.
    with psycopg.connect(demo.dsn) as connection:
        schemas = ("raw", "quarantine", "ops", "intermediate", "marts", "published")
        assert marks_in_database(connection, schemas).keys() <= {"quarantine.record"}


@pytest.mark.long
def test_a_change_of_one_percent_rebuilds_what_it_touches_and_equals_a_full_refresh(
    demo: Demo, monkeypatch: pytest.MonkeyPatch
) -> None:
    pipeline = open_pipeline(monkeypatch, demo.home, demo.dsn, "http://no:one@127.0.0.1:9")
    corrected = correct_one_percent_of_august(demo.home)
    assert corrected > 1_000
    with pipeline.connect() as connection:
        former = writers_before_august(connection)
        groups = connection.execute(
            "select count(*) from intermediate.int_measure__procedures_received"
        ).fetchone()
    before = pipeline.fingerprints()

    take_files(load().inbox, LandingStore(load().landing_url))
    stages.load()
    stages.gate_batches()
    report = stages.transform("2025-08")

    assert not report.is_full_refresh
    rows = {model.name: model.rows_affected for model in report.models}
    # A quarter of the corrected dossiers are tombstones, and have no row any more.
    assert rows["fct_dossier"] == corrected - len(range(0, corrected, 4))
    assert groups is not None
    assert 0 < (rows["int_measure__procedures_received"] or 0) < groups[0] / 2
    with pipeline.connect() as connection:
        assert writers_before_august(connection) == former
    incremental = pipeline.fingerprints()
    assert {name for name in before if before[name] != incremental[name]} >= {
        "fct_dossier",
        "fct_measure",
        "fct_criterion_score",
        "mart_monthly_score",
    }
    with pipeline.connect() as connection:
        transform.transform(connection, pipeline.dsn, load(), full_refresh=True)
    assert pipeline.fingerprints() == incremental
