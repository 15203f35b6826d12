"""One landing into `raw`: typing, duplicates, quarantine, and the ledger's account of them."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path

import psycopg
import pytest
from load_support import (
    Delivery,
    Landing,
    Loading,
    dossier,
    payment,
    petition,
    procedure,
    rating,
    unit,
)

from service_index.loading import LoadError, load_batch, load_landed
from service_index.loading.sampling import KEYS_READ_OF_FIRST


@pytest.fixture
def loading(warehouse: psycopg.Connection, tmp_path: Path) -> Loading:
    """A warehouse that knows unit U1 and procedure 1.000001."""
    ready = Loading(warehouse, Landing(tmp_path))
    ready.deliver("units", unit())
    ready.deliver("procedures", procedure())
    return ready


def test_typed_row(loading: Loading) -> None:
    record = dossier(
        MaTTHC="1.000001.000.00.00.H99",
        MaLinhVuc="HT",
        TenLinhVuc=" Hộ\u00a0tịch\\x ",
        TrangThaiHoSo="10",
        NgayHenTra="20250310170000",
        NgayKetThucXuLy="20250304003000",
        HinhThuc="0",
        HoSoCoThanhPhanSoHoa="1",
        CoBuocTrucTiep="0",
        DanhSachLePhi=[{"Gia": "8000"}, {"Gia": "500"}],
        DSKetNoiCSDL=[{"MaCSDL": "CSDLDC"}, {"MaCSDL": 'a"b\\c'}],
    )
    report = loading.deliver("dossiers", record)
    columns = (
        "dossier_id, procedure_code, field_code, field_name, unit_code, channel, state, "
        "finished_at, return_method, is_digitised, has_in_person_step, fee_due, shared_databases, "
        "is_deleted, submitted_at, batch_id, landed_line"
    )
    assert loading.rows(f"select {columns} from raw.dossiers") == [
        (
            "D1",
            "1.000001",
            "HT",
            "Hộ tịch\\x",
            "U1",
            2,
            10,
            # 00:30 in Indochina Time still is the day before in UTC.
            datetime(2025, 3, 3, 17, 30, tzinfo=UTC),
            0,
            True,
            False,
            Decimal(8500),
            ["CSDLDC", 'a"b\\c'],
            False,
            None,
            report.batch_id,
            1,
        )
    ]


def test_every_feed_has_its_row(loading: Loading) -> None:
    loading.deliver("payments", payment(SoTien="8000", QuaNenTangQG="1"))
    loading.deliver("petitions", petition(MucDoHaiLong="RHL"))
    loading.deliver("ratings", rating(MaHoSo="D1"))
    assert loading.rows("select amount, is_via_national_platform, status from raw.payments") == [
        (Decimal(8000), True, "Chờ thanh toán")
    ]
    assert loading.rows("select satisfaction, state, replied_at from raw.petitions") == [
        ("RHL", 2, None)
    ]
    assert loading.rows("select satisfaction, dossier_id from raw.ratings") == [("HL", "D1")]
    assert loading.rows("select unit_type, successor_unit_codes, is_removed from raw.units") == [
        ("commune", [], False)
    ]
    assert loading.rows("select online_level, is_public, is_removed from raw.procedures") == [
        (4, True, False)
    ]


def test_lineage_points_to_the_record(loading: Loading) -> None:
    keys = [f"D{number}" for number in range(5)]
    loading.deliver("dossiers", *map(dossier, keys), page_size=2)
    lineage = loading.rows("select dossier_id, landed_file, landed_line from raw.dossiers")
    ((path, manifest),) = loading.landing.store.manifests("dossiers")
    where = {
        (record.file, record.line): json.loads(record.body)["MaHoSo"]
        for record in loading.landing.store.records(path, manifest)
    }
    assert {where[file, line] for _, file, line in lineage} == set(keys)
    assert all(where[file, line] == key for key, file, line in lineage)


def test_ledger_keeps_what_the_landing_says(loading: Loading) -> None:
    path, manifest = loading.landing.land(Delivery("dossiers", [dossier()]))
    loading.load((path, manifest))
    assert loading.rows(
        "select feed, kind, window_from, window_to, landed_path, landed_at, manifest_sha256, "
        "source_total, distinct_keys, status, transformed_at from ops.batch where feed = 'dossiers'"
    ) == [
        (
            "dossiers",
            "window",
            manifest.window_from,
            manifest.window_to,
            path,
            manifest.landed_at,
            manifest.sha256,
            1,
            1,
            "loaded",
            None,
        )
    ]


def test_loading_the_same_landing_again_changes_nothing(loading: Loading) -> None:
    landed = loading.landing.land(Delivery("dossiers", [dossier(), b"{}"]))
    first = loading.load(landed)
    again = loading.load(landed)
    assert (again.batch_id, again.delivered, again.loaded) == (first.batch_id, 2, 1)
    assert loading.value("select count(*) from raw.dossiers") == 1
    assert loading.value("select count(*) from quarantine.record") == 1


def test_exact_duplicates_within_a_batch_and_across(loading: Loading) -> None:
    first = loading.deliver("dossiers", dossier(), dossier(), dossier("D2"))
    assert (first.loaded, first.duplicates) == (2, 1)
    second = loading.deliver("dossiers", dossier("D2"), dossier())
    assert (second.loaded, second.duplicates, second.warnings) == (0, 2, {})


def test_duplicate_is_told_by_what_is_loaded(loading: Loading) -> None:
    """Spelling, order of keys, unknown and personal fields make no new content."""
    loading.deliver("dossiers", dossier(TenLinhVuc="Hộ tịch"))
    turned = dict(reversed(dossier(TenLinhVuc="Hộ tịch ").items())) | {"Moi": "1", "ChuHoSo": "B"}
    assert loading.deliver("dossiers", turned).duplicates == 1


def test_new_version_is_loaded(loading: Loading) -> None:
    loading.deliver("dossiers", dossier())
    report = loading.deliver("dossiers", dossier(version="20250304090000"))
    assert (report.loaded, report.duplicates) == (1, 0)


def test_equal_version_with_other_content_is_loaded_with_a_warning(loading: Loading) -> None:
    """A, B, A in one batch and A again later: each that differs from the one before it."""
    a, b = dossier(LoaiDoiTuong="1"), dossier(LoaiDoiTuong="2")
    report = loading.deliver("dossiers", a, b, a)
    assert (report.loaded, report.duplicates) == (3, 0)
    assert report.warnings == {"equal_version_differs": 2}
    assert loading.deliver("dossiers", a).duplicates == 1
    later = loading.deliver("dossiers", b)
    assert (later.loaded, later.warnings) == (1, {"equal_version_differs": 1})
    assert loading.latest("dossiers")["D1",]["applicant_kind"] == 2


def test_bad_record_is_kept_whole(loading: Loading) -> None:
    body = json.dumps(dossier(NgayTiepNhan="soon"), ensure_ascii=False).encode()
    report = loading.deliver("dossiers", dossier("D2"), body)
    assert (report.loaded, report.quarantined) == (1, 1)
    assert report.refusals == {"invalid_instant": 1}
    assert loading.rows(
        "select feed, batch_id, landed_line, record_key, record_version, rule, is_retryable, "
        "body, resolved_at from quarantine.record"
    ) == [
        (
            "dossiers",
            report.batch_id,
            2,
            "D1",
            datetime(2025, 3, 3, 2, tzinfo=UTC),
            "invalid_instant",
            False,
            body,
            None,
        )
    ]


@pytest.mark.fault(15, "a bad version over a good one")
def test_bad_version_over_a_good_one(loading: Loading) -> None:
    loading.deliver("dossiers", dossier())
    report = loading.deliver("dossiers", dossier(version="20250304090000", TrangThaiHoSo="99"))
    assert report.warnings == {"earlier_version_stands": 1}
    assert loading.latest("dossiers")["D1",]["version_at"] == datetime(2025, 3, 3, 2, tzinfo=UTC)


def test_unparsable_bytes_are_kept_as_they_are(loading: Loading) -> None:
    torn = b'{"MaHoSo": "D1", "x": "\xff\x00'
    path, manifest = loading.landing.land_file(
        "dossiers", "jsonl", torn + b"\n" + json.dumps(dossier()).encode(), 2
    )
    report = loading.load((path, manifest))
    assert (report.loaded, report.refusals) == (1, {"invalid_json": 1})
    assert loading.value("select body from quarantine.record") == torn


def test_the_end_of_a_window_is_not_in_it(loading: Loading) -> None:
    versions = ("20250331235959", "20250401000000")
    report = loading.deliver("dossiers", *(dossier(version, version) for version in versions))
    assert (report.loaded, report.refusals) == (1, {"version_in_future": 1})
    assert loading.rows("select dossier_id from raw.dossiers") == [(versions[0],)]


def test_file_is_held_against_the_time_of_its_landing(loading: Loading) -> None:
    lines = [dossier("D1", "20250930235959"), dossier("D2", "20251001120000")]
    content = "\n".join(map(json.dumps, lines)).encode()
    report = loading.load(loading.landing.land_file("dossiers", "jsonl", content, 2))
    assert (report.kind, report.loaded) == ("file", 1)
    assert report.refusals == {"version_in_future": 1}
    assert loading.rows("select * from ops.watermark") == []


def test_csv_file_gives_the_same_row(loading: Loading) -> None:
    record = dossier(DanhSachLePhi=[{"Gia": "8000"}], NgayTra=None)
    loading.deliver("dossiers", record)
    quoted = [
        '"' + (json.dumps(v) if isinstance(v, list) else v or "").replace('"', '""') + '"'
        for v in record.values()
    ]
    content = f"{','.join(record)}\n{','.join(quoted)}\n".encode()
    report = loading.load(loading.landing.land_file("dossiers", "csv", content, 1))
    assert report.duplicates == 1


def test_keys_are_counted_by_type(loading: Loading) -> None:
    records = [dossier("D1"), dossier("D2", MoiThem="1"), b"[1]"]
    loading.deliver("dossiers", *records)
    profile = loading.value("select key_profile from ops.batch where feed = 'dossiers'")
    keys = {key: {"string": 2} for key in dossier()}
    assert profile == {"records": 2, "keys": {**keys, "MoiThem": {"string": 1}}}


def test_keys_of_a_large_batch_are_sampled(loading: Loading) -> None:
    many = [rating(f"R{n}") for n in range(KEYS_READ_OF_FIRST + 40)]
    many[-1] |= {"Unseen": "1"}
    many[KEYS_READ_OF_FIRST + 8] |= {"Seen": "1"}  # 1008 = 63 times 16
    loading.deliver("ratings", *many)
    keys = loading.value("select key_profile -> 'keys' from ops.batch where feed = 'ratings'")
    assert "Seen" in keys
    assert "Unseen" not in keys


def test_empty_window(loading: Loading) -> None:
    report = loading.deliver("dossiers")
    assert (report.delivered, report.loaded) == (0, 0)
    assert loading.value("select count(*) from ops.watermark where feed = 'dossiers'") == 1


def test_landing_that_holds_other_than_its_manifest_says(loading: Loading) -> None:
    path, manifest = loading.landing.land_file("ratings", "jsonl", b"{}\n{}\n", 3)
    with pytest.raises(LoadError, match=r"2 records, but its manifest says 3"):
        load_batch(loading.connection, loading.landing.store, path, manifest)
    assert loading.value("select count(*) from ops.batch where feed = 'ratings'") == 0
    assert loading.value("select count(*) from quarantine.record") == 0


def test_rows_of_a_refused_batch_do_not_stand(loading: Loading) -> None:
    """Nobody reads them: what is delivered again must be there again."""
    first = loading.deliver("dossiers", dossier())
    loading.connection.execute(
        "update ops.batch set status = 'refused' where batch_id = %s", [first.batch_id]
    )
    assert loading.deliver("dossiers", dossier()).loaded == 1
    assert loading.deliver("dossiers", dossier()).duplicates == 1


def test_units_of_a_refused_batch_are_not_known(loading: Loading) -> None:
    report = loading.deliver("units", unit(), unit("U7"))
    loading.connection.execute(
        "update ops.batch set status = 'refused' where batch_id = %s", [report.batch_id]
    )
    assert loading.deliver("dossiers", dossier(MaDonVi="U7")).refusals == {"unknown_unit": 1}


def test_load_landed_takes_what_others_name_first(
    warehouse: psycopg.Connection, tmp_path: Path
) -> None:
    landing = Landing(tmp_path)
    for feed, record in (
        ("payments", payment()),
        ("dossiers", dossier()),
        ("procedures", procedure()),
        ("units", unit()),
    ):
        landing.land(Delivery(feed, [record]))
    told: list[tuple[str, int, int | None]] = []
    reports = load_landed(warehouse, landing.store, lambda *progress: told.append(progress))
    assert [report.feed for report in reports] == ["units", "procedures", "dossiers", "payments"]
    assert [report.loaded for report in reports] == [1, 1, 1, 1]
    assert told == [(report.feed, 1, 1) for report in reports]
    assert load_landed(warehouse, landing.store) == []
