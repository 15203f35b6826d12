"""The generated province shows the published figures, counted from what is served."""

import json
from collections import Counter, defaultdict
from concurrent.futures import ThreadPoolExecutor
from decimal import ROUND_DOWN, ROUND_HALF_UP, Decimal
from fractions import Fraction
from pathlib import Path

import pytest
from simulator_criteria import GROUPS, Criteria, CriteriaCounter, printed
from simulator_figures import (
    MARCH,
    QUARTER,
    FigureCounter,
    Period,
    PeriodFigures,
    read_units,
    records,
)

from simulator import dataset
from simulator.feeds import FEEDS, VERSION_FIELD, Feed
from simulator.plan import FULL, SMALL

MONTHS = {
    "july": Period("20250701000000", "20250801000000"),
    "august": Period("20250801000000", "20250901000000"),
    "september": Period("20250901000000", "20250916000000"),
}
TIME_FIELDS = {
    "dossiers": ("NgayNopHoSo", "NgayTiepNhan", "NgayKetThucXuLy", "NgayTra", "NgayDongBoDVCQG",
                 "NgayDongBoKho"),
    "payments": ("ThoiGianGD",),
    "petitions": ("NgayTiepNhan", "NgayTraLoi"),
    "ratings": ("ThoiGianDanhGia",),
}  # fmt: skip


@pytest.fixture(scope="module")
def full(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The province at its true size."""
    return dataset.ensure(tmp_path_factory.mktemp("province") / "full", "full")


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return dataset.ensure(tmp_path_factory.mktemp("province") / "small", "small")


@pytest.fixture(scope="module")
def figures(full: Path) -> dict[str, PeriodFigures]:
    return FigureCounter(full, {"march": MARCH, "quarter": QUARTER, **MONTHS}).count()


@pytest.fixture(scope="module")
def criteria(full: Path, figures: dict[str, PeriodFigures]) -> dict[str, Criteria]:
    """The province's 21 criteria in March and in each month of the quarter."""
    counter = CriteriaCounter(full)
    months = {"march": MARCH, **MONTHS}
    return {name: counter.of(month, figures[name]) for name, month in months.items()}


def percent(part: int, whole: int, rounding: str = ROUND_HALF_UP) -> str:
    """A rate in percent with two decimals."""
    return str((Decimal(100 * part) / whole).quantize(Decimal("0.01"), rounding))


def test_march_is_the_letter_of_march(figures: dict[str, PeriodFigures]) -> None:
    counts = figures["march"].counts
    offered = counts["received, level 3"] + counts["received, level 4"]
    offered_online = counts["received online, level 3"] + counts["received online, level 4"]
    assert counts["received"] == 39_070
    assert counts["reused"] == 168
    assert percent(168, counts["received"]) == "0.43"
    assert percent(counts["resolved, on time"], counts["resolved"]) == "96.57"
    assert percent(offered_online, offered) == "69.90"
    assert percent(counts["paid online"], counts["with fee"]) == "31.08"
    assert percent(counts["digitised"], counts["received"]) == "82.92"
    assert percent(counts["electronic results"], counts["resolved"]) == "84.69"


@pytest.mark.parametrize(
    ("group", "points"),
    [
        ("transparency", "9.3"),
        ("timeliness", "19.3"),
        ("online_service", "7.5"),
        ("online_payment", "4.7"),
        ("satisfaction", "17.8"),
        ("digitisation", "14.6"),
    ],
)
def test_march_has_the_letters_points(
    criteria: dict[str, Criteria], group: str, points: str
) -> None:
    assert printed(criteria["march"].points(group), 1) == points


def test_march_has_the_letters_total(criteria: dict[str, Criteria]) -> None:
    assert printed(criteria["march"].total, 2) == "73.04"


def test_the_portal_shows_the_points_of_march(full: Path, criteria: dict[str, Criteria]) -> None:
    rows = dataset.read_national_rows(full)["2025-03"]
    own = next(row for row in rows if row["TEN"] == "Tỉnh Hưng Yên")
    columns = {
        "transparency": "CKMB",
        "timeliness": "TDGQ",
        "online_service": "CLGQ",
        "online_payment": "TTTT",
        "satisfaction": "MDHL",
        "digitisation": "MDSH",
    }
    march = criteria["march"]
    served = {group: own[column].replace(",", ".") for group, column in columns.items()}
    assert served == {group: printed(march.points(group), 2) for group in columns}
    assert own["TONG_SCORE"].replace(",", ".") == printed(march.total, 2)


def test_march_counts_are_the_plans(criteria: dict[str, Criteria]) -> None:
    plan, counts = FULL.march, criteria["march"].counts
    procedures, petitions = FULL.procedures, FULL.march_petitions
    first = procedures.first_quarter
    active, with_fee = 2_273 + 1, 890 + 1  # one more than today: it ended with the districts
    offered = sum(plan.received.values())
    assert counts == {
        "01": (first.published_on_time, first.due),
        "02": (first.disclosed_on_time, procedures.first_quarter_disclosures),
        "03": (active - procedures.full_content.in_march, active),
        "04": (plan.synchronised, plan.total_received),
        "05": (plan.resolved_on_time, plan.resolved),
        "06": (907 + 1_171 + 1, active),
        "07": (plan.procedures_used_online, 471),
        "08": (plan.received_online, offered),
        "09": (plan.procedures_paid_online, 207),
        "10": (with_fee - procedures.payment_platform.in_march, with_fee),
        "11": (plan.paid_online, plan.with_fee),
        "12": (plan.electronic_results, plan.resolved),
        "13": (plan.digitised, plan.total_received),
        "14": (plan.reused, plan.total_received),
        "15": (plan.electronic_certified_copies, plan.certified_copies),
        "16": (plan.in_vault, plan.digitised_resolved),
        "17": (active - procedures.population_data.in_march, active),
        "18": (plan.using_population_data, plan.total_received),
        "19": (petitions.answered, petitions.answered + petitions.overdue),
        "20": (petitions.satisfied, petitions.rated),
        "21": (plan.satisfied, plan.ratings),
    }


@pytest.mark.parametrize(
    ("month", "published"), [("july", "74.88"), ("august", "77.51"), ("september", "75.05")]
)
def test_the_quarters_totals_are_plausible(
    criteria: dict[str, Criteria], month: str, published: str
) -> None:
    assert abs(criteria[month].total - Fraction(published)) < 3


def test_every_department_has_procedures_to_publish_and_they_differ(full: Path) -> None:
    kept = CriteriaCounter(full).published_on_time_by_department(MARCH)
    assert len(kept) == 13
    rates = {Fraction(*counts) for counts in kept.values()}
    assert len(rates) > 6
    assert min(rates) < Fraction(1, 4)
    assert max(rates) > Fraction(1, 2)


def test_old_units_offered_procedures_in_march(full: Path) -> None:
    units = read_units(full)
    active = Counter(
        version["LoaiDonVi"]
        for code in {
            row["MaDonVi"]
            for row in records(full, "procedures")
            if row["HieuLucTu"] <= MARCH.last_day <= (row["HieuLucDen"] or "99999999")
            and row["TrangThai"] == "1"
        }
        if (version := units.counted_for(code, MARCH))
    )
    assert active == {"so": 13, "nganh_doc": 5, "huyen": 10, "xa": 139}


def test_quarter_is_the_quarterly_report(figures: dict[str, PeriodFigures]) -> None:
    counts = figures["quarter"].counts
    expected = {
        "carried over": 1_730,
        "received, channel 1": 25_765,
        "received, channel 2": 240_427,
        "received, channel 3": 0,
        "resolved, so": 16_095,
        "resolved, so, on time": 15_700,
        "resolved, xa": 230_561,
        "resolved, xa, on time": 228_831,
        "open": 9_848,
        "open overdue": 583,
    }
    assert {name: counts[name] for name in expected} == expected
    assert counts["resolved"] == 16_095 + 230_561, "nothing by districts or vertical agencies"


@pytest.mark.parametrize("period", ["march", "quarter", *MONTHS])
def test_the_balance_closes(figures: dict[str, PeriodFigures], period: str) -> None:
    counts = figures[period].counts
    incoming = counts["carried over"] + counts["received"]
    assert incoming == counts["resolved"] + counts["withdrawn or stopped"] + counts["open"]


def test_quarter_online_services(figures: dict[str, PeriodFigures]) -> None:
    quarter = figures["quarter"]
    counts = quarter.counts
    assert (len(quarter.codes["offered"]), len(quarter.codes["online"])) == (465, 447)
    for level, rate in (("4", "89.60"), ("3", "92.31")):
        online, received = (
            counts[f"received online, level {level}"],
            counts[f"received, level {level}"],
        )
        assert percent(online, received, ROUND_DOWN) == rate


def test_quarter_petitions_about_regulations(full: Path) -> None:
    received = [
        petition
        for petition in records(full, "petitions")
        if petition["DaXoa"] != "1"
        and petition["TrangThai"] != "4"
        and petition["LoaiPAKN"] in ("1", "")
        and QUARTER.holds(petition["NgayTiepNhan"])
    ]
    answered = [petition for petition in received if petition["NgayTraLoi"]]
    waiting = [petition for petition in received if not petition["NgayTraLoi"]]
    assert (len(received), len(answered)) == (70, 45)
    assert all(p["NgayTraLoi"][:8] <= p["NgayHenTraLoi"][:8] for p in answered)
    assert all(p["NgayHenTraLoi"] >= QUARTER.end for p in waiting)


def test_procedures_are_those_of_the_form(full: Path) -> None:
    active: dict[str, dict[str, str]] = {}
    not_integrated = set()
    for row in records(full, "procedures"):
        if row["TrangThai"] == "1" and row["HieuLucTu"] <= "20250915" and not row["HieuLucDen"]:
            active[row["MaTTHC"]] = row
            if row["CoPhi"] == "1" and row["TichHopThanhToanQG"] != "1":
                not_integrated.add(row["MaTTHC"])
    counts = Counter(f"level {row['MucDo']}" for row in active.values())
    counts.update(row["CapThucHien"] for row in active.values())
    counts["fee"] = sum(row["CoPhi"] == "1" for row in active.values())
    assert len(active) == 2_273
    assert counts == {
        "tinh": 1_839,
        "xa": 434,
        "level 4": 907,
        "level 3": 1_171,
        "level 2": 195,
        "fee": 890,
    }
    assert not not_integrated


@pytest.fixture(scope="module")
def small_months(small: Path) -> dict[str, PeriodFigures]:
    return FigureCounter(small, {"march": MARCH, "quarter": QUARTER, **MONTHS}).count()


def test_small_province_shows_its_plan(small_months: dict[str, PeriodFigures]) -> None:
    march, quarter = small_months["march"].counts, small_months["quarter"].counts
    assert march["received"] == SMALL.march.total_received
    assert march["resolved, on time"] == SMALL.march.resolved_on_time
    assert march["paid online"] == SMALL.march.paid_online
    assert march["electronic results"] == SMALL.march.electronic_results
    for side, planned in SMALL.quarter.sides.items():
        assert quarter[f"carried over, {side}"] == planned.carried_over
        assert quarter[f"resolved, {side}"] == planned.resolved
        assert quarter[f"resolved, {side}, on time"] == planned.resolved_on_time
    assert quarter["received, channel 2"] == sum(SMALL.quarter.received_online.values())


def test_small_province_has_every_criterion(
    small: Path, small_months: dict[str, PeriodFigures]
) -> None:
    counter = CriteriaCounter(small)
    for name, month in {"march": MARCH, **MONTHS}.items():
        counts = counter.of(month, small_months[name]).counts
        assert sorted(counts) == sorted(code for codes in GROUPS.values() for code in codes)
        assert all(denominator > 0 for _, denominator in counts.values()), name


def test_units_fall_on_both_sides_of_the_target(figures: dict[str, PeriodFigures]) -> None:
    months = {name: figures[name] for name in MONTHS}
    volumes = {month.counts["received"] for month in months.values()}
    assert len(volumes) == 3, "months differ in volume"
    for name, month in months.items():
        rates = defaultdict(list)
        for unit, (met, resolved) in month.end_to_end.items():
            rates["so" if unit.startswith("MAU-S") else "xa"].append(met / resolved)
        assert len(rates["xa"]) == 104, f"every commune resolves something in {name}"
        for kind, values in rates.items():
            above = sum(rate >= 0.7 for rate in values)
            assert 0.1 < above / len(values) < 0.9, f"{kind} in {name}: {above} of {len(values)}"


@pytest.mark.parametrize("feed", [feed for feed in FEEDS.values() if feed.is_incremental])
def test_records_are_in_feed_order_and_know_nothing_of_their_future(
    small: Path, feed: Feed
) -> None:
    name, (key,) = feed.name, feed.key
    previous = ("", "")
    for record in records(small, name):
        version = record[VERSION_FIELD]
        assert previous < (version, record[key]), "ordered, each key once"
        previous = (version, record[key])
        assert "20250301000000" <= version < "20250916000000"
        if record.get("DaXoa") != "1":
            for time in TIME_FIELDS[name]:
                assert (record.get(time) or "0") <= version, f"{time} of {record[key]}"


def test_dossiers_are_whole_by_the_contract(small: Path) -> None:
    units = read_units(small)
    for dossier in records(small, "dossiers"):
        state = dossier.get("TrangThaiHoSo")
        if dossier.get("DaXoa") == "1" or state in ("1", "3"):
            continue
        assert dossier["MaDonVi"] in units.versions
        assert dossier["NgayTiepNhan"]
        due = dossier["NgayHenTra"]
        assert not due or due >= dossier["NgayTiepNhan"]
        closed = dossier["NgayKetThucXuLy"] or dossier["NgayTra"]
        assert bool(closed) or state not in ("9", "10")
        assert not closed or closed >= dossier["NgayTiepNhan"]


def test_persons_are_invented(small: Path) -> None:
    for dossier in records(small, "dossiers"):
        if "ChuHoSo" in dossier:
            assert any(word in dossier["ChuHoSo"] for word in ("Mẫu", "Thử"))
            assert dossier["SoDienThoai"].startswith("000")
            assert dossier["DinhDanhCHS"][0]["SoDinhDanh"].startswith("000")
            assert dossier["Email"].endswith(".invalid")


def test_the_same_bytes_every_time(small: Path, tmp_path: Path) -> None:
    again = dataset.ensure(tmp_path / "again", "small")
    files = sorted(path.name for path in small.iterdir())
    assert files == sorted(path.name for path in again.iterdir())
    for name in files:
        assert (small / name).read_bytes() == (again / name).read_bytes(), name


def test_ensure_makes_a_dataset_once(small: Path) -> None:
    stages: list[str] = []
    before = (small / "index.json").stat().st_mtime_ns
    assert dataset.ensure(small, "small", lambda stage, _: stages.append(stage)) == small
    assert stages == []
    assert (small / "index.json").stat().st_mtime_ns == before


def test_ensure_replaces_a_dataset_of_another_version(small: Path, tmp_path: Path) -> None:
    folder = tmp_path / "province"
    folder.mkdir()
    (folder / "index.json").write_text(json.dumps({"key": "v0"}))
    (folder / "old.jsonl").write_text("")
    dataset.ensure(folder, "small")
    assert dataset.read_index(folder) == dataset.read_index(small)
    assert not (folder / "old.jsonl").exists()
    assert [path.name for path in tmp_path.iterdir()] == ["province"], "nothing left beside it"


def test_two_who_ask_at_once_get_one_dataset(small: Path, tmp_path: Path) -> None:
    folder = tmp_path / "province"
    with ThreadPoolExecutor(2) as pool:
        list(pool.map(lambda _: dataset.ensure(folder, "small"), range(2)))
    assert dataset.read_index(folder) == dataset.read_index(small)
    assert [path.name for path in tmp_path.iterdir()] == ["province"], "nothing left beside it"


def test_ensure_leaves_a_foreign_folder_alone(tmp_path: Path) -> None:
    (tmp_path / "letter.txt").write_text("mine")
    with pytest.raises(dataset.DatasetError):
        dataset.ensure(tmp_path, "small")
    assert (tmp_path / "letter.txt").read_text() == "mine"
