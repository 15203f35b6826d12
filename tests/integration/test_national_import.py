"""The national portal over real HTTP, into landing, raw and quarantine."""

from __future__ import annotations

import json
import shutil
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import psycopg
import pytest
from extraction_support import HURRIED, OtherAnswer, calls

from service_index.landing.manifest import Manifest
from service_index.landing.store import LandingStore
from service_index.loading import LoadReport, load_landed, load_national
from service_index.loading.national import NationalLoad
from service_index.settings import PROJECT_ROOT
from service_index.sources.endpoint import Endpoint
from service_index.sources.errors import PageFailedError, SourceError, SourceRefusedError
from service_index.sources.national_portal import FEED, FORM_PATH, MAX_PAGES, extract_month
from service_index.warehouse.connection import connect
from simulator import national_scores
from simulator.faults import Fault, LoginPage, ServerError, TooManyRequests, TruncatedBody
from simulator.http_messages import SourceRequest, SourceResponse, json_response
from simulator.server import SampleSource
from tests.warehouses import fresh_warehouse

SEEDS = PROJECT_ROOT / "dbt_project" / "seeds"
MARCH, JULY = date(2025, 3, 1), date(2025, 7, 1)
Row = dict[str, str]


def shown(month: str = "2025-03") -> list[Row]:
    """The sample portal's rows of a month, to be changed at will."""
    return [dict(row) for row in national_scores.rows_by_month()[month]]


def portal(rows: list[Any], month: str = "2025-03") -> SampleSource:
    return SampleSource.from_records({}, national={month: rows})


@dataclass
class Import:
    """Imports into one warehouse from whichever portal is at hand."""

    connection: psycopg.Connection
    store: LandingStore

    def land(self, source: SampleSource, month: date = MARCH) -> Manifest | None:
        return extract_month(Endpoint(source.national_portal_uri), month, self.store, HURRIED)

    def load(self) -> NationalLoad:
        return load_national(self.connection, self.store, SEEDS)

    def run(self, rows: list[Any], month: str = "2025-03") -> LoadReport:
        """Serve the rows, import them, and hold the batch against invariant I1."""
        period_month = date.fromisoformat(f"{month}-01")
        with portal(rows, month) as source:
            self.land(source, period_month)
        done = self.load()
        assert period_month not in done.failures
        (report,) = done.reports
        raw = self.rows(
            "select count(*) from raw.national_scores where batch_id = %s and landed_line > 0",
            report.batch_id,
        )
        aside = self.rows(
            "select count(*) from quarantine.record where batch_id = %s", report.batch_id
        )
        assert (raw, aside) == ([(report.loaded,)], [(report.quarantined,)])
        assert report.delivered == report.loaded + report.duplicates + report.quarantined
        assert report.delivered == len(rows)
        return report

    def rows(self, query: str, *parameters: Any) -> list[tuple[Any, ...]]:
        found = self.connection.execute(query, parameters).fetchall()
        self.connection.commit()
        return found

    def standing(self) -> dict[str, tuple[int, str]]:
        """Province → rank and total of March that stand."""
        return {
            code: (rank, str(total.normalize()))
            for code, rank, total, is_removed in self.rows(
                "select distinct on (province_code) province_code, rank, tong_score, is_removed "
                "from raw.national_scores where period_month = '2025-03-01' "
                "order by province_code, version_at desc"
            )
            if not is_removed
        }


@pytest.fixture
def importing(warehouse: psycopg.Connection, tmp_path: Path) -> Import:
    return Import(warehouse, LandingStore(str(tmp_path / "landing")))


def test_a_month_is_asked_for_as_the_form_service_wants_it(importing: Import) -> None:
    with portal(shown()) as source:
        manifest = importing.land(source)
        (request,) = source.requests
    assert request.method == "POST"
    assert "authorization" not in request.headers
    assert json.loads(request.query["params"]) == {
        "type": "ref",
        "service": "report_tinh_766_service",
        "p_nam": "2025",
        "p_thang": "3",
        "p_6thang": "0",
        "p_quy": "0",
        "p_tinh_id": "0",
        "p_xa_id": "0",
        "pageIndex": 1,
        "pageSize": 100,
        "p_loaidonvi": 1,
        "loaichitieu": 0,
    }
    assert manifest is not None
    assert (manifest.feed, manifest.kind, manifest.period_month) == (FEED, "month", MARCH)
    assert (manifest.delivered, manifest.is_sample) == (63, True)
    ((path, found),) = importing.store.manifests()
    assert found == manifest
    landed = [json.loads(record.body) for record in importing.store.records(path, manifest)]
    assert landed == shown()


def test_both_regimes_are_loaded_with_the_portals_own_numbers(importing: Import) -> None:
    columns = ("CKMB", "TDGQ", "CLGQ", "TTTT", "MDHL", "MDSH", "TONG_SCORE")
    for month, count in (("2025-03", 63), ("2025-07", 34)):
        assert importing.run(shown(month), month).loaded == count
        (own,) = (row for row in shown(month) if row["TEN"] == "Tỉnh Hưng Yên")
        assert importing.rows(
            f"select rank, {', '.join(columns)} from raw.national_scores "
            "where province_code = '33' and period_month = %s",
            date.fromisoformat(f"{month}-01"),
        ) == [(int(own["ROW_STT"]), *(Decimal(own[name].replace(",", ".")) for name in columns))]


@pytest.mark.parametrize(("rows", "pages"), [(63, 1), (99, 1), (100, 2), (130, 2), (200, 3)])
def test_the_first_page_that_is_not_full_is_the_last(
    importing: Import, rows: int, pages: int
) -> None:
    """An answer of exactly a hundred rows may have another page behind it."""
    table = [{"TEN": f"Nơi {number}"} for number in range(rows)]
    with portal(table) as source:
        manifest = importing.land(source)
        assert calls(source, "national_portal") == pages
    assert manifest is not None
    ((path, _),) = importing.store.manifests()
    landed = [json.loads(record.body) for record in importing.store.records(path, manifest)]
    assert landed == table
    assert [page.media for page in manifest.pages] == ["rows"] * -(-rows // 100)


@dataclass
class DeafToPages(Fault):
    """The first page again, whatever page was asked for."""

    def apply(self, request: SourceRequest, response: SourceResponse, source: Any) -> Any:
        return json_response(200, [{"TEN": str(number)} for number in range(100)])


def test_a_portal_without_an_end_is_left(importing: Import, tmp_path: Path) -> None:
    with portal(shown()) as source:
        source.faults.append(DeafToPages())
        with pytest.raises(SourceRefusedError, match="2025-03: 10 full pages, and no end"):
            importing.land(source)
        assert calls(source, "national_portal") == MAX_PAGES
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == []


ON = {"feed": "national_portal"}
PASSING = {
    "login page": LoginPage(**ON),
    "an object with 200": OtherAnswer(body=b'{"error": "sign in"}', **ON),
    "500": ServerError(status=500, times=2, **ON),
    "429": TooManyRequests(retry_after=0, **ON),
    "truncated JSON": TruncatedBody(announced=False, **ON),
    "wrong content-length": TruncatedBody(**ON),
}


@pytest.mark.parametrize("fault", PASSING.values(), ids=PASSING.keys())
def test_a_passing_fault_is_outlasted(importing: Import, fault: Fault) -> None:
    with portal(shown()) as source:
        source.faults.append(fault)
        manifest = importing.land(source)
    assert fault.struck
    assert manifest is not None
    assert manifest.delivered == 63


LASTING = {
    "login page": (LoginPage(times=None, **ON), PageFailedError, "not a JSON array"),
    "500": (ServerError(status=500, times=None, **ON), PageFailedError, "status 500"),
    "truncated JSON": (
        TruncatedBody(times=None, announced=False, **ON),
        PageFailedError,
        "not valid JSON",
    ),
    "endless nesting": (
        OtherAnswer(times=None, body=b"[" * 100_000, **ON),
        PageFailedError,
        "not valid JSON",
    ),
    "404": (OtherAnswer(status=404, **ON), SourceRefusedError, "status 404"),
    "redirect": (OtherAnswer(status=302, **ON), SourceRefusedError, "redirects"),
}


@pytest.mark.parametrize(("fault", "kind", "reason"), LASTING.values(), ids=LASTING.keys())
def test_a_lasting_fault_fails_in_one_line_and_lands_nothing(
    importing: Import, tmp_path: Path, fault: Fault, kind: type[SourceError], reason: str
) -> None:
    with portal(shown()) as source:
        source.faults.append(fault)
        with pytest.raises(kind, match=reason) as failure:
            importing.land(source)
        wanted = HURRIED.tries if kind is PageFailedError else 1
        assert calls(source, "national_portal") == wanted
    assert str(failure.value).startswith("national_scores 2025-03: ")
    assert "\n" not in str(failure.value)
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == []


def test_a_month_without_rows_lands_nothing(importing: Import, tmp_path: Path) -> None:
    with portal(shown()) as source:
        assert importing.land(source, JULY) is None
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == []


def test_an_address_with_a_password_or_another_scheme_is_no_portal() -> None:
    for address in ("http://user:word@portal.example", "ftp://portal.example", "portal.example"):
        with pytest.raises(ValueError, match="needs http://"):
            Endpoint(address)
    assert Endpoint("https://portal.example/a/").url(FORM_PATH) == (
        "https://portal.example/a/jsp/rest.jsp"
    )


def test_the_same_table_again_is_nothing_new(importing: Import) -> None:
    importing.run(shown())
    again = [row | {"ID": "9" + row["ID"]} for row in reversed(shown())]
    report = importing.run(again)
    assert (report.loaded, report.duplicates, report.removed) == (0, 63, 0)
    assert importing.load().reports == []


def test_other_numbers_are_a_newer_version_and_the_table_landed_last_stands(
    importing: Import,
) -> None:
    importing.run(shown())
    before = importing.standing()
    changed = shown()
    changed[0]["TONG_SCORE"] = "84,58"
    assert importing.run(changed).loaded == 1
    assert importing.standing() == before | {"64": (1, "84.58")}
    # What was shown first comes back: a third version, not a duplicate of the first.
    assert importing.run(shown()).loaded == 1
    assert importing.standing() == before
    assert importing.rows(
        "select count(*) from raw.national_scores where province_code = '64'"
    ) == [(3,)]


def test_a_province_that_the_newer_table_lacks_is_gone(importing: Import) -> None:
    importing.run(shown())
    report = importing.run(shown()[:-1])
    assert (report.loaded, report.removed) == (0, 1)
    assert len(importing.standing()) == 62
    assert importing.run(shown()).loaded == 1
    assert len(importing.standing()) == 63


def test_the_provinces_that_do_not_stand_are_counted(importing: Import) -> None:
    """What stands counts, not what was delivered: a row in quarantine leaves the one before it."""
    assert importing.run(shown()[:40]).warnings == {"provinces_missing": 23}
    assert importing.run(shown()).warnings == {}
    bad = shown()
    bad[2]["TDGQ"] = "n/a"
    assert importing.run(bad).warnings == {"earlier_version_stands": 1}
    assert importing.run(bad[:-1]).warnings == {
        "earlier_version_stands": 1,
        "provinces_missing": 1,
    }
    # Provinces of another month are other provinces.
    assert importing.run(shown("2025-07"), "2025-07").warnings == {}


def test_a_bad_row_is_kept_whole_and_the_good_one_before_it_stands(importing: Import) -> None:
    importing.run(shown())
    before = importing.standing()
    bad = shown()
    bad[2]["TDGQ"] = "1.234,56"
    bad[3]["TEN"], bad[3]["MA_COQUAN"] = "Tỉnh Nào Đó", ""
    report = importing.run(bad)
    assert report.refusals == {"invalid_number": 1, "unknown_province": 1}
    assert report.warnings == {"earlier_version_stands": 1}
    # A row that tells no province could be any that seems to be missing.
    assert report.removed == 0
    assert importing.standing() == before
    kept = importing.rows(
        "select rule, is_retryable, body, landed_file, landed_line, record_key "
        "from quarantine.record order by landed_line"
    )
    assert [row[:2] for row in kept] == [("invalid_number", False), ("unknown_province", False)]
    assert [json.loads(bytes(row[2])) for row in kept] == [bad[2], bad[3]]
    assert [row[4] for row in kept] == [3, 4]
    assert all(row[3].startswith("national_scores/") for row in kept)
    assert [row[5] for row in kept] == ["01", None]


def test_swapped_columns_fail_the_load_with_the_way_out_and_load_nothing(
    importing: Import,
) -> None:
    swapped = [row | {"CLGQ": row["TTTT"], "TTTT": row["CLGQ"]} for row in shown("2025-08")]
    swapped[0]["TTTT"] = "11,2"
    with portal(swapped, "2025-08") as source:
        importing.land(source, date(2025, 8, 1))
    done = importing.load()
    (reason,) = map(str, done.failures.values())
    for wanted in ("2025-08", "TTTT", "11.2", "online_payment", "10", "national_portal_columns"):
        assert wanted in reason
    assert importing.rows("select count(*) from ops.batch") == [(0,)]

    # It does not hold up another month; and the month's next table takes its place.
    assert importing.run(shown()).loaded == 63
    assert importing.run(shown("2025-08"), "2025-08").loaded == 34
    assert importing.load() == NationalLoad()


def test_a_mended_mapping_loads_what_was_landed(importing: Import, tmp_path: Path) -> None:
    swapped = [row | {"CLGQ": row["TTTT"], "TTTT": row["CLGQ"]} for row in shown()]
    swapped[0]["TTTT"] = "11,2"
    with portal(swapped) as source:
        importing.land(source)
    seeds = tmp_path / "seeds"
    shutil.copytree(SEEDS, seeds)
    mapping = seeds / "national_portal_columns.csv"
    text = mapping.read_text(encoding="utf-8")
    text = text.replace("CLGQ,online_service", "CLGQ,online_payment")
    mapping.write_text(text.replace("TTTT,online_payment", "TTTT,online_service"), "utf-8")
    assert list(importing.load().failures) == [MARCH]
    (report,) = load_national(importing.connection, importing.store, seeds).reports
    assert report.loaded == 63


def test_the_daily_load_passes_national_landings_by(importing: Import) -> None:
    with portal(shown()) as source:
        importing.land(source)
    assert load_landed(importing.connection, importing.store) == []
    assert importing.rows("select count(*) from ops.watermark") == [(0,)]
    assert importing.load().reports[0].loaded == 63
    assert load_landed(importing.connection, importing.store) == []


def test_an_empty_warehouse_is_filled_again_from_the_landing_alone(
    importing: Import, postgres_server: str
) -> None:
    changed = shown()
    changed[0]["TONG_SCORE"] = "84.58"
    for rows in (shown(), changed, shown()[:-1]):
        importing.run(rows)
    with fresh_warehouse(postgres_server) as dsn, connect(dsn) as connection:
        rebuilt = Import(connection, importing.store)
        assert len(rebuilt.load().reports) == 3
        assert rebuilt.standing() == importing.standing()
