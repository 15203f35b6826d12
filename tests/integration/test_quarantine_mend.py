"""Mending what lies in quarantine: by file, by rule, once, and again from the landing alone."""

from __future__ import annotations

import stat
from collections.abc import Callable
from pathlib import Path

import psycopg
import pytest
from load_support import Delivery, Landing, Loading, dossier, payment, petition, procedure, unit
from mend_support import BY, Line, by_rule, export, landings, mend, waiting

from service_index.landing.errors import UnreadableFileError
from service_index.landing.limits import FileLimits
from service_index.landing.store import LandingStore
from service_index.loading import load_landed
from service_index.loading.exchange import ExchangeError, write
from service_index.loading.mending import (
    MendingError,
    MendReport,
    mend_by_file,
    note,
)
from service_index.loading.waiting import of_rule
from service_index.warehouse.connection import connect
from tests.warehouses import fresh_warehouse

Correct = Callable[[Line], None]


@pytest.fixture
def loading(warehouse: psycopg.Connection, tmp_path: Path) -> Loading:
    made = Loading(warehouse, Landing(tmp_path / "landing"))
    made.deliver("units", unit())
    made.deliver("procedures", procedure())
    return made


def test_export_is_for_its_owner_alone(loading: Loading, tmp_path: Path) -> None:
    loading.deliver("dossiers", dossier("D1", TrangThaiHoSo="77"), dossier())
    path = tmp_path / "mend.ndjson"
    (line,) = export(loading, "unknown_value", path)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert line["body"] == dossier("D1", TrangThaiHoSo="77")
    assert (line["landed_line"], line["feed"]) == (1, "dossiers")


def test_export_goes_nowhere_where_others_read(loading: Loading, tmp_path: Path) -> None:
    loading.deliver("petitions", petition(TrangThai="9"))
    releases = tmp_path / "releases"
    (releases / "2025-03").mkdir(parents=True)
    (tmp_path / "link").symlink_to(releases)
    (tmp_path / "there").write_text("kept")
    (tmp_path / "dangling").symlink_to(tmp_path / "elsewhere")
    for name in ("releases/2025-03/x", "link/x", "there", "dangling", "no/such/folder"):
        with pytest.raises(ExchangeError):
            write(tmp_path / name, of_rule(loading.connection, "unknown_value"), [releases])
    assert list(releases.rglob("x")) == []
    assert (tmp_path / "there").read_text() == "kept"
    assert not (tmp_path / "elsewhere").exists()


def test_export_of_nothing_makes_no_file(loading: Loading, tmp_path: Path) -> None:
    assert write(tmp_path / "none", of_rule(loading.connection, "no_rule"), []) == 0
    assert not (tmp_path / "none").exists()


def test_mended_by_file(loading: Loading, tmp_path: Path) -> None:
    first = loading.deliver("petitions", petition("K1", TrangThai="9"), petition("K2"))
    path = tmp_path / "mend.ndjson"
    (line,) = export(loading, "unknown_value", path)
    line["body"]["TrangThai"] = "3"
    report = mend(loading, path, [line])
    (batch,) = report.batches
    assert (batch.kind, batch.delivered, batch.loaded, batch.quarantined) == ("mend", 1, 1, 0)
    assert (report.already, report.problems) == (0, [])
    assert loading.rows(
        "select b.kind, b.status, b.source, q.batch_id, m.mended_by, m.because, m.refused_rule "
        "from quarantine.record as q join ops.batch as b on b.batch_id = q.resolved_by_batch_id "
        "join ops.mend as m on m.batch_id = b.batch_id where q.resolved_at is not null"
    ) == [("mend", "loaded", "quarantine-mend", first.batch_id, BY.mended_by, BY.because, None)]
    assert loading.latest("petitions")["K1",]["state"] == 3
    with pytest.raises(psycopg.errors.ObjectNotInPrerequisiteState):
        loading.connection.execute("update ops.mend set because = 'other'")
    loading.connection.rollback()


def test_the_same_file_twice_changes_nothing(loading: Loading, tmp_path: Path) -> None:
    loading.deliver("petitions", petition("K1", TrangThai="9"), petition("K2", TrangThai="9"))
    path = tmp_path / "mend.ndjson"
    lines = export(loading, "unknown_value", path)
    for line in lines:
        line["body"]["TrangThai"] = "3"
    assert mend(loading, path, lines).batches[0].loaded == 2
    before = landings(loading)
    again = mend(loading, path, lines)
    assert (again.batches, again.already, again.problems) == ([], 2, [])
    assert landings(loading) == before
    assert loading.value("select count(*) from raw.petitions") == 2


def test_a_mend_that_was_landed_and_not_loaded_is_loaded_once(
    loading: Loading, tmp_path: Path
) -> None:
    """As if killed between the two: what the transaction did is undone, the landing stays."""
    loading.deliver("petitions", petition("K1", TrangThai="9"))
    path = tmp_path / "mend.ndjson"
    (line,) = export(loading, "unknown_value", path)
    line["body"]["TrangThai"] = "3"
    loading.connection.execute(
        "alter table ops.mend add constraint broken check (mended_by <> 'clerk')"
    )
    loading.connection.commit()
    with pytest.raises(psycopg.errors.CheckViolation):
        mend(loading, path, [line])
    loading.connection.rollback()
    assert waiting(loading) == [("K1", "unknown_value")]
    before = landings(loading)
    loading.connection.execute("alter table ops.mend drop constraint broken")
    loading.connection.commit()
    again = mend(loading, path, [line])
    assert (again.already, landings(loading)) == (1, before)
    assert loading.rows("select state from raw.petitions") == [(3,)]
    assert waiting(loading) == []


def test_a_mend_loads_no_other_landing(loading: Loading, tmp_path: Path) -> None:
    loading.deliver("petitions", petition("K1", TrangThai="9"))
    path = tmp_path / "mend.ndjson"
    (line,) = export(loading, "unknown_value", path)
    loading.landing.land(Delivery("petitions", [petition("K2")]))
    line["body"]["TrangThai"] = "3"
    assert mend(loading, path, [line]).batches[0].loaded == 1
    assert loading.rows("select petition_id from raw.petitions") == [("K1",)]


def test_a_mend_tells_of_the_time_before_it_came(loading: Loading, tmp_path: Path) -> None:
    loading.deliver("petitions", petition("K1", TrangThai="9"), petition("K2", TrangThai="9"))
    path = tmp_path / "mend.ndjson"
    lines = export(loading, "unknown_value", path)
    for line, version in zip(lines, ("20250303090000", "29990101000000"), strict=True):
        line["body"] |= {"TrangThai": "3", "NgayCapNhat": version}
    report = mend(loading, path, lines)
    assert [problem.reason.partition(":")[0] for problem in report.problems] == [
        "version_in_future"
    ]
    assert loading.rows("select petition_id from raw.petitions") == [("K1",)]


def test_bad_bodies_stay_out_and_good_ones_go_in(loading: Loading, tmp_path: Path) -> None:
    keys = [f"K{number}" for number in range(1, 8)]
    loading.deliver("petitions", *(petition(key, TrangThai="9") for key in keys))
    path = tmp_path / "mend.ndjson"
    lines = {line["body"]["MaPAKN"]: line for line in export(loading, "unknown_value", path)}
    for line in lines.values():
        line["body"]["TrangThai"] = "3"
    secret = "Nguyễn Văn Mẫu 0912345678"
    lines["K2"]["body"] = None
    lines["K3"]["body"] = [secret]
    lines["K4"]["body"]["TrangThai"] = secret
    lines["K5"]["body"]["MaDonVi"] = "nowhere"
    lines["K6"]["landed_line"] = 999
    lines["K7"]["landed_file"] = "../../etc/passwd"
    twice = lines["K1"] | {"body": petition("K1", TrangThai="4")}
    report = mend(loading, path, [*lines.values(), twice, {"landed_file": secret}])
    assert [batch.loaded for batch in report.batches] == [1]
    told = " ".join(f"{problem.where}: {problem.reason}" for problem in report.problems)
    assert len(report.problems) == 8
    assert secret not in told
    assert "0912345678" not in told
    assert [key for key, _ in waiting(loading)] == keys[1:]
    assert loading.rows("select petition_id, state from raw.petitions") == [("K1", 3)]


@pytest.mark.parametrize(
    "content",
    [
        b"\xff\xfe\x00",
        b"[" * 100_000,
        b'{"landed_file": "petitions/x\\u0000", "landed_line": 1, "body": {}}',
        b'{"landed_file": "petitions/x", "landed_line": 99999999999999999999, "body": {}}',
        b'{"landed_file": "petitions/x", "landed_line": -1, "body": {}}',
        b"'; drop table raw.petitions; --",
        b"{{ 7*7 }}\n<script>\n=HYPERLINK(1)",
    ],
)
def test_hostile_files_change_nothing(loading: Loading, tmp_path: Path, content: bytes) -> None:
    loading.deliver("petitions", petition("K1", TrangThai="9"))
    path = tmp_path / "mend.ndjson"
    path.write_bytes(content)
    report = mend_by_file(loading.connection, loading.landing.store, path, BY)
    assert report.batches == []
    assert report.problems
    assert waiting(loading) == [("K1", "unknown_value")]


def test_a_file_with_a_line_that_is_too_large_is_refused(loading: Loading, tmp_path: Path) -> None:
    path = tmp_path / "mend.ndjson"
    path.write_bytes(b"x" * 2_000)
    store = LandingStore(str(tmp_path / "landing"), FileLimits(max_record_bytes=1_000))
    with pytest.raises(UnreadableFileError):
        mend_by_file(loading.connection, store, path, BY)


def test_a_broken_body_is_given_as_text_and_comes_back_whole(
    loading: Loading, tmp_path: Path
) -> None:
    torn = b'{"MaPAKN": "K1", "HoTen": "' + b"\xff"
    loading.load(loading.landing.land_file("petitions", "jsonl", torn + b"\n", 1))
    path = tmp_path / "mend.ndjson"
    (line,) = export(loading, "invalid_json", path)
    assert line["body"] is None
    assert "MaPAKN" in line["body_text"]
    assert mend(loading, path, [line]).problems[0].reason.startswith("wrong_type")
    assert mend(loading, path, [line | {"body": petition("K1")}]).batches[0].loaded == 1
    assert loading.value("select body from quarantine.record") == torn


def test_what_the_source_said_since_stands(loading: Loading, tmp_path: Path) -> None:
    """A mended record takes its original's place in time, also where the version is the same."""
    loading.deliver("petitions", petition("K1", TrangThai="9"))
    loading.deliver("petitions", petition("K1", TrangThai="4"))
    path = tmp_path / "mend.ndjson"
    (line,) = export(loading, "unknown_value", path)
    line["body"]["TrangThai"] = "3"
    (batch,) = mend(loading, path, [line]).batches
    assert batch.warnings == {"equal_version_differs": 1}
    assert loading.latest("petitions")["K1",]["state"] == 4


def test_mended_row_of_a_snapshot_stands_until_the_next_good_one(
    loading: Loading, tmp_path: Path
) -> None:
    loading.deliver("procedures", procedure("1.2", MucDo="9"))
    loading.deliver("procedures", procedure("1.2", MucDo="3"), procedure("1.3", MucDo="9"))
    path = tmp_path / "mend.ndjson"
    lines = export(loading, "unknown_value", path)
    for line in lines:
        line["body"]["MucDo"] = "4"
    (batch,) = mend(loading, path, lines).batches
    assert batch.loaded == 2
    levels = {key[0]: row["online_level"] for key, row in loading.latest("procedures").items()}
    assert (levels["1.2"], levels["1.3"]) == (3, 4)


def test_mended_by_rule_in_every_feed(loading: Loading) -> None:
    loading.deliver("dossiers", dossier("D1", MaDonVi=" U9 "), dossier("D2", MaDonVi="U8"))
    loading.deliver("petitions", petition("K1", MaDonVi="U9"))
    report = by_rule(loading, "unknown_unit", "MaDonVi", "U9", "U1")
    assert [(batch.feed, batch.loaded) for batch in report.batches] == [
        ("dossiers", 1),
        ("petitions", 1),
    ]
    assert waiting(loading) == [("D2", "unknown_unit")]
    assert (
        loading.rows("select refused_rule, field, from_value, to_value, mended_by from ops.mend")
        == [("unknown_unit", "MaDonVi", "U9", "U1", "clerk")] * 2
    )
    before = landings(loading)
    assert by_rule(loading, "unknown_unit", "MaDonVi", "U9", "U1") == MendReport()
    assert landings(loading) == before


def test_a_rule_for_one_feed_and_for_a_missing_value(loading: Loading) -> None:
    loading.deliver("dossiers", dossier("D1", KenhThucHien=""), dossier("D2", KenhThucHien=None))
    loading.deliver("payments", payment("P1", TrangThai=1))
    report = by_rule(loading, "missing_channel", "KenhThucHien", "", "1", feed="dossiers")
    assert report.batches[0].loaded == 2
    report = by_rule(loading, "wrong_type", "TrangThai", "1", "Chờ thanh toán", feed="payments")
    assert report.batches[0].loaded == 1
    assert waiting(loading) == []


def test_a_rule_that_does_not_help_changes_nothing(loading: Loading) -> None:
    loading.deliver("petitions", petition("K1", TrangThai="9"))
    report = by_rule(loading, "unknown_value", "TrangThai", "9", "10")
    assert report.batches == []
    assert [problem.reason.partition(":")[0] for problem in report.problems] == ["unknown_value"]
    assert waiting(loading) == [("K1", "unknown_value")]


@pytest.mark.parametrize("field", ["SoDienThoai", "HoTen", "TieuDe", "DinhDanhCHS", "NoSuchField"])
def test_no_rule_for_a_field_of_personal_data(loading: Loading, field: str) -> None:
    with pytest.raises(MendingError, match=field):
        by_rule(loading, "unknown_value", field, "0912345678", "")


@pytest.mark.parametrize("name", ["Nguyễn Văn Mẫu", "Tran Thi B", "Mẫu"])
def test_nobodys_name_is_an_old_value(loading: Loading, name: str) -> None:
    loading.deliver("petitions", petition("K1", TrangThai=name))
    with pytest.raises(MendingError, match="by file") as refused:
        by_rule(loading, "unknown_value", "TrangThai", name, "3")
    assert name not in str(refused.value)
    assert waiting(loading) == [("K1", "unknown_value")]


def test_without_a_reason_nothing_is_mended() -> None:
    for because in ("", "  ", "two\nlines", "x" * 501):
        with pytest.raises(MendingError):
            note("clerk", because)


@pytest.mark.parametrize("secret", ["0912345678", "012345678", "nguoi.mau@example.vn"])
def test_nobodys_number_in_a_rule_or_a_reason(loading: Loading, secret: str) -> None:
    loading.deliver("petitions", petition("K1", TrangThai=secret))
    for old, new in ((secret, "3"), ("9", secret)):
        with pytest.raises(MendingError) as refused:
            by_rule(loading, "unknown_value", "TrangThai", old, new)
        assert secret not in str(refused.value)
    with pytest.raises(MendingError):
        note("clerk", f"asked by {secret}")
    assert loading.value("select count(*) from ops.mend") == 0


def test_records_of_a_refused_batch_are_not_mended(loading: Loading, tmp_path: Path) -> None:
    batch = loading.deliver("petitions", petition("K1", TrangThai="9"))
    path = tmp_path / "mend.ndjson"
    (line,) = export(loading, "unknown_value", path)
    line["body"]["TrangThai"] = "3"
    loading.connection.execute(
        "update ops.batch set status = 'refused' where batch_id = %s", [batch.batch_id]
    )
    report = mend(loading, path, [line])
    assert (report.batches, len(report.problems)) == ([], 1)
    assert by_rule(loading, "unknown_value", "TrangThai", "9", "3") == MendReport()


def test_more_records_than_a_page_holds(loading: Loading) -> None:
    keys = [f"K{number}" for number in range(2_345)]
    loading.deliver("petitions", *(petition(key, TrangThai="9") for key in keys))
    (batch,) = by_rule(loading, "unknown_value", "TrangThai", "9", "3").batches
    assert (batch.loaded, loading.value("select count(*) from raw.petitions")) == (2_345, 2_345)
    assert waiting(loading) == []


def test_mended_sample_records_are_sample_records(loading: Loading) -> None:
    loading.deliver("petitions", petition("K1", TrangThai="9"))
    loading.connection.execute("update ops.batch set is_sample = true where feed = 'petitions'")
    (batch,) = by_rule(loading, "unknown_value", "TrangThai", "9", "3").batches
    assert loading.value("select is_sample from ops.batch where batch_id = %s", batch.batch_id)


def test_rebuilt_from_the_landing_alone_all_is_as_before(
    loading: Loading, tmp_path: Path, postgres_server: str
) -> None:
    """Mended by file and by rule, in a snapshot and in two windows, one waiting meanwhile."""
    landing = loading.landing
    landing.land(Delivery("procedures", [procedure("1.2", MucDo="9"), procedure()]))
    landing.land(Delivery("dossiers", [dossier("D1", TrangThaiHoSo="77"), dossier("D2")]))
    landing.land(Delivery("petitions", [petition("K1", MaDonVi="U9"), petition("K2", MaDonVi="X")]))
    load_landed(loading.connection, landing.store)
    path = tmp_path / "mend.ndjson"
    lines = export(loading, "unknown_value", path)
    for line in lines:
        line["body"] |= {"MucDo": "3"} if line["feed"] == "procedures" else {"TrangThaiHoSo": "4"}
    assert [batch.loaded for batch in mend(loading, path, lines).batches] == [1, 1]
    by_rule(loading, "unknown_unit", "MaDonVi", "U9", "U1")
    landing.land(Delivery("dossiers", [dossier("D1", "20250304090000", TrangThaiHoSo="4")]))
    load_landed(loading.connection, landing.store)
    with fresh_warehouse(postgres_server) as dsn, connect(dsn) as connection:
        again = Loading(connection, landing)
        load_landed(connection, landing.store)
        again.assert_accounted()
        for feed in ("units", "procedures", "dossiers", "petitions"):
            assert again.latest(feed) == loading.latest(feed)
            rows = f"select landed_file, landed_line, landed_at, content_hash from raw.{feed}"
            assert sorted(again.rows(rows)) == sorted(loading.rows(rows))
        assert waiting(again) == waiting(loading) == [("K2", "unknown_unit")]
        notes = "select mended_at, mended_by, because, field, to_value from ops.mend order by 1, 4"
        assert again.rows(notes) == loading.rows(notes)
        assert len(again.rows(notes)) == 3
        # The operator's file still names its records, whatever ids they have now.
        report = mend_by_file(connection, landing.store, path, BY)
        assert (report.batches, report.already) == ([], 2)


def test_a_record_that_is_good_from_the_start_when_rebuilt_stays_as_mended(
    loading: Loading, postgres_server: str
) -> None:
    """Its unit came after it was mended to another: the mend still wins."""
    landing = loading.landing
    landing.land(Delivery("petitions", [petition("K1", MaDonVi="U9")]))
    load_landed(loading.connection, landing.store)
    by_rule(loading, "unknown_unit", "MaDonVi", "U9", "U1")
    landing.land(Delivery("units", [unit(), unit("U9")]))
    load_landed(loading.connection, landing.store)
    with fresh_warehouse(postgres_server) as dsn, connect(dsn) as connection:
        again = Loading(connection, landing)
        load_landed(connection, landing.store)
        again.assert_accounted()
        assert again.latest("petitions") == loading.latest("petitions")
        assert again.latest("petitions")["K1",]["unit_code"] == "U1"
