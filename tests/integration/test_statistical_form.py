"""The statistical form from the small sample's records to its release, and what people enter.

What is counted is held against a plain count of the served records (simulator_figures).
"""

from __future__ import annotations

import csv
from collections.abc import Iterator
from decimal import ROUND_DOWN, Decimal
from pathlib import Path

import pytest

from service_index.orchestration import form_stages, stages
from service_index.orchestration.dbt_build import TransformError
from service_index.orchestration.stages import StageError
from simulator import dataset
from simulator.server import SampleSource
from tests.integration.form_figures import PROVINCE, balance, enter, expected_rows, form, verdicts
from tests.integration.simulator_figures import QUARTER, FigureCounter, Period
from tests.pipeline import Pipeline, open_pipeline, own_dbt_project
from tests.warehouses import fresh_warehouse

SOURCE = "Báo cáo quý III/2025"
ENTERED = {
    "CD.2.1": "12", "CD.2.2": "3", "CD.2.3": "0", "CD.2.4": "0", "CD.3": "1", "1.1": "06",
    "1.2": "200", "1.3": "66", "2.1": "100%", "2.2": "2.180", "DVC.3.1.1": "966",
}  # fmt: skip
TO_MID_AUGUST = Period("20250701000000", "20250814120000")
# What the text of the paper says that its table, of this quarter's entries, can be held against.
TEXT = {
    "tasks_assigned": 12, "tasks_done_on_time": 9, "tasks_in_process": 3, "tasks_overdue": 0,
    "procedures_announced_new": 200, "procedures_abolished": 63,
    "dossiers_handled": 267_922, "dossiers_carried_over": 1_730,
    "dossiers_received_in_person": 25_765, "dossiers_received_online": 240_427,
    "dossiers_resolved": 246_821, "dossiers_resolved_on_time": 244_695,
    "dossiers_resolved_late": 2_126,
    "dossiers_open": 9_848, "dossiers_open_on_time": 9_265, "dossiers_open_overdue": 583,
    "petitions_received": 70, "petitions_answered": 45, "petitions_in_process": 25,
}  # fmt: skip


@pytest.fixture(scope="module")
def sample(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return dataset.ensure(tmp_path_factory.mktemp("sample") / "province", "small")


@pytest.fixture(scope="module")
def scored(
    sample: Path, postgres_server: str, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[Pipeline, Path]]:
    """The small sample in marts built by a dbt project of the test's own; its by-hand folder."""
    home = tmp_path_factory.mktemp("form")
    with (
        pytest.MonkeyPatch.context() as patch,
        own_dbt_project(tmp_path_factory.mktemp("project")) as project,
        fresh_warehouse(postgres_server) as dsn,
        SampleSource(sample) as source,
    ):
        pipeline = open_pipeline(patch, home, dsn, source.connection_uri)
        pipeline.ingest("2025-03-01", "2025-09-16")
        stages.transform()
        yield pipeline, project / "seeds" / "by_hand"


@pytest.fixture
def pipeline(scored: tuple[Pipeline, Path]) -> Pipeline:
    return scored[0]


@pytest.fixture
def by_hand(scored: tuple[Pipeline, Path]) -> Iterator[Path]:
    """The folder of what people enter; put back after the test."""
    folder = scored[1]
    kept = {path: path.read_bytes() for path in folder.glob("*.csv")}
    yield folder
    for path, content in kept.items():
        path.write_bytes(content)


def test_the_form_counts_what_the_source_served(pipeline: Pipeline, sample: Path) -> None:
    counted = FigureCounter(sample, {"quarter": QUARTER}).count()["quarter"]
    rows = form(pipeline)
    expected = expected_rows(sample, counted, QUARTER)
    assert min(expected.values()) > 0
    assert {code: rows[code][0] for code in expected} == expected
    assert len(rows) == 38
    # Every procedure in use is active here, so that its level is that of its rows.
    assert rows["DVC.3.2.1"][0] == len(counted.codes["offered"])
    assert rows["DVC.3.2.2"][0] == len(counted.codes["online"])


@pytest.mark.parametrize(
    ("rate", "decimals"),
    [("3.1", 2), ("3.2", 1), ("3.3", 1), ("DVC.3.1", 2), ("DVC.3.2", 2), ("DVC.3.3", 1),
     ("DVC.3.4", 2), ("DVC.3.5", 0)],
)  # fmt: skip
def test_rates_are_cut_off_as_the_paper_prints_them(
    pipeline: Pipeline, rate: str, decimals: int
) -> None:
    rows = form(pipeline)
    whole, part = rows[f"{rate}.1"][0], rows[f"{rate}.2"][0]
    exact = Decimal(100) * part / whole
    assert abs(rows[rate][0] - exact) < Decimal("1e-20")
    assert rows[rate][1] == f"{exact.quantize(Decimal(1).scaleb(-decimals), ROUND_DOWN)}%"


def test_counts_are_printed_with_dots_and_entries_are_marked(pipeline: Pipeline) -> None:
    rows = form(pipeline)
    for code in ("3.1.1", "3.2.1", "DVC.3.4.2"):
        assert rows[code][1] == f"{rows[code][0]:,}".replace(",", ".")
        assert rows[code][2] == "computed"
    by_hand = {code: row for code, row in rows.items() if row[2] == "by_hand"}
    assert {code: row[1] for code, row in by_hand.items() if row[1]} == ENTERED
    assert [code for code, row in by_hand.items() if row[1] is None] == ["CD.1"]


@pytest.mark.parametrize("period", ["2025Q2", "2025Q3", "2025H2"])
def test_what_is_counted_adds_up(pipeline: Pipeline, period: str) -> None:
    decided = verdicts(pipeline, period)
    for identity in (
        "balance_closes",
        "channels_add_up",
        "departments_and_communes_resolved_all",
        "departments_and_communes_on_time_all",
        "levels_cover_procedures",
        "online_services_within_received",
        "online_services_within_received_online",
    ):
        assert decided[identity] is True, identity


def test_a_year_over_the_merger_is_reported_by_the_province_that_goes_on(
    pipeline: Pipeline,
) -> None:
    with pipeline.connect() as connection:
        provinces = connection.execute(
            "select period, array_agg(province_code order by province_code), min(missing_months) "
            "from marts.mart_form_period where period like '2025%' group by 1 order by 1"
        ).fetchall()
    assert [row[:2] for row in provinces] == [
        ("2025", ["33"]),
        ("2025H1", ["33", "34"]),
        ("2025H2", ["33"]),
        ("2025Q1", ["33", "34"]),
        ("2025Q2", ["33", "34"]),
        ("2025Q3", ["33"]),
    ]
    assert {row[0]: row[2] for row in provinces}["2025H1"] == "2025-01, 2025-02"
    assert verdicts(pipeline, "2025")["balance_closes"] is True


def test_entries_are_taken_in_without_a_full_refresh(pipeline: Pipeline, by_hand: Path) -> None:
    assert stages.transform().transform_run_id is None, "nothing has changed"
    enter(
        by_hand / "form_entries.csv",
        ["2025Q3", PROVINCE, "CD.1", 41, "", SOURCE, "2026-11-25"],
        ["2025Q3", PROVINCE, "1.3", 63, "đã sửa", SOURCE, "2026-11-25"],
        ["2025Q3", PROVINCE, "1.2", "", "", SOURCE, "2026-11-25"],
        ["2025Q2", PROVINCE, "1.2", 7, "", SOURCE, "2026-11-25"],
    )
    report = stages.transform()
    assert report.transform_run_id is not None
    assert not report.is_full_refresh
    rebuilt = {model.name: model.rows_affected for model in report.models}
    assert rebuilt["fct_dossier"] == 0
    rows = form(pipeline)
    assert [rows[code][1] for code in ("CD.1", "1.3", "1.2")] == ["41", "63", None]
    assert form(pipeline, "2025Q2")["1.2"][1] == "7"


def test_wrong_entries_stop_the_run_by_name(pipeline: Pipeline, by_hand: Path) -> None:
    entry = {
        "period": "2025Q3", "province_code": PROVINCE, "row_code": "1.2", "value": "1",
        "note_vi": "", "source": SOURCE, "entered_on": "2026-11-25",
    }  # fmt: skip
    wrong = {
        "form_entries_are_for_rows_by_hand": {"row_code": "3.1.1"},
        "relationships_form_entries_row_code": {"row_code": "9.9"},
        "is_form_period_form_entries_period": {"period": "2025-Q3"},
        "primary_key_form_entries": {"entered_on": "2026-11-24"},
        "not_null_form_entries_source": {"row_code": "1.3", "source": ""},
    }
    lines = [list((entry | changed).values()) for changed in wrong.values()]
    enter(by_hand / "form_entries.csv", *lines)
    failed = set()
    with pytest.raises(TransformError, match=f"dbt: {len(wrong)} of .* first ") as raised:
        stages.transform(on_model=lambda node: failed.add(node.name) if node.failed else None)
    assert any(f"first {name}" in str(raised.value) for name in wrong)
    assert {name for name in wrong if any(test.startswith(name) for test in failed)} == set(wrong)
    assert len(failed) == len(wrong)


def test_the_text_of_the_paper_is_held_against_its_table(pipeline: Pipeline, by_hand: Path) -> None:
    enter(
        by_hand / "form_text_figures.csv",
        *(["2025Q3", PROVINCE, code, value, SOURCE, "2026-11-25"] for code, value in TEXT.items()),
    )
    stages.transform()
    decided = verdicts(pipeline)
    failing = {
        "text_balance_closes",
        "text_abolished_is_the_tables",
        "text_tasks_done_are_the_tables",
    }
    holding = {
        "text_handled_adds_up",
        "text_resolved_adds_up",
        "text_open_adds_up",
        "text_petitions_add_up",
        "text_tasks_add_up",
        "text_announced_new_is_the_tables",
        "text_petitions_received_is_the_tables",
        "text_petitions_answered_is_the_tables",
        "text_tasks_assigned_are_the_tables",
    }
    assert {identity for identity in failing if decided[identity] is False} == failing
    assert {identity for identity in holding if decided[identity]} == holding
    # The small sample has not the paper's dossiers, and its text does not tell of procedures.
    assert decided["text_resolved_is_the_tables"] is False
    assert decided["text_announced_adds_up"] is None


def test_a_reporting_cutoff_ends_the_form_within_a_month(
    pipeline: Pipeline, by_hand: Path, sample: Path
) -> None:
    cutoff = "2025-08-14T12:00:00+07:00"
    enter(by_hand / "reporting_cutoffs.csv", ["2025Q3", "*", cutoff, SOURCE])
    stages.transform()
    counted = FigureCounter(sample, {"cut": TO_MID_AUGUST}).count()["cut"]
    counts = counted.counts
    assert counts["open overdue"] > 0
    rows = form(pipeline)
    expected = expected_rows(sample, counted, TO_MID_AUGUST)
    assert {code: rows[code][0] for code in expected} == expected
    figures = balance(pipeline)
    assert figures["dossiers_carried_over"] == counts["carried over"]
    assert figures["dossiers_received"] == counts["received"]
    assert figures["dossiers_received_online"] == counts["received, channel 2"]
    assert (
        figures["dossiers_withdrawn"] + figures["dossiers_stopped"]
        == counts["withdrawn or stopped"]
    )
    assert figures["dossiers_open_overdue"] == counts["open overdue"]
    assert figures["dossiers_open_on_time"] + figures["dossiers_open_overdue"] == counts["open"]
    assert verdicts(pipeline)["balance_closes"] is True
    assert verdicts(pipeline)["channels_add_up"] is True
    # The data reach beyond the cut-off: nothing more is to come.
    assert form_stages.gate_forms(["2025Q3"]) == ["2025Q3"]
    (release,) = form_stages.publish_forms(["2025Q3"], reason=None).values()
    assert release["status"] == "final"


def test_a_form_is_published_and_restated(pipeline: Pipeline, by_hand: Path) -> None:
    enter(
        by_hand / "form_entries.csv",
        ["2025Q2", PROVINCE, "1.2", 7, "", SOURCE, "2026-11-25"],
    )
    stages.transform()
    with pytest.raises(StageError, match="has not passed its gate"):
        form_stages.publish_forms(["2025Q2"], reason=None)
    # The half-year has months without data: its quarter goes on alone.
    assert form_stages.gate_forms(["2025Q2", "2025H1"]) == ["2025Q2"]
    assert form_stages.publish_forms(["2025Q2"], reason=None) == {
        "2025Q2.r1": {"is_new": True, "status": "final"}
    }
    first = (pipeline.home / "releases" / "2025Q2" / "r1" / "SHA256SUMS").read_bytes()
    enter(
        by_hand / "form_entries.csv",
        ["2025Q2", PROVINCE, "1.2", 8, "", SOURCE, "2026-11-26"],
    )
    stages.transform()
    form_stages.gate_forms(["2025Q2"])
    assert form_stages.publish_forms(["2025Q2"], reason="our_error") == {
        "2025Q2.r2": {"is_new": True, "status": "revised"}
    }
    folder = pipeline.home / "releases" / "2025Q2"
    assert (folder / "r1" / "SHA256SUMS").read_bytes() == first
    changes = list(csv.DictReader((folder / "r2" / "CHANGES.csv").open(encoding="utf-8-sig")))
    assert [(c["key"], c["column_name"], c["old_value"], c["new_value"]) for c in changes] == [
        (
            "province_code=33, identity=text_announced_new_is_the_tables",
            "right_value",
            "7",
            "8",
        ),
        ("province_code=33, row_code=1.2", "printed_value", "7", "8"),
        ("province_code=33, row_code=1.2", "value", "7", "8"),
    ]
    assert form_stages.publish_forms(["2025Q2"], reason=None) == {
        "2025Q2.r2": {"is_new": False, "status": "revised"}
    }


def test_a_period_with_unscored_months_is_refused(pipeline: Pipeline) -> None:
    stages.transform()
    with pytest.raises(StageError, match="2025H1 is not whole, not scored: 2025-01, 2025-02"):
        form_stages.gate_forms(["2025H1"])
    with pytest.raises(StageError, match="no form of 2024Q1"):
        form_stages.gate_forms(["2024Q1"])
