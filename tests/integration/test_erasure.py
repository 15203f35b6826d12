"""A person is erased from landing and quarantine; what is counted, and where it lies, stays."""

from __future__ import annotations

import io
import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import openpyxl
import psycopg
import pytest
from load_support import Delivery, Landing, Loading, dossier, payment, petition, procedure, unit
from mend_support import BY, export, mend

from service_index.landing import rewriting
from service_index.landing.errors import LandingCorruptError
from service_index.landing.manifest import Manifest, MendNote
from service_index.loading import load_landed
from service_index.loading.erasure import Erased, ErasureError, Wanted, erase
from service_index.sources.inbox import take_files
from service_index.warehouse.connection import connect
from simulator.canaries import FILE_MARK, NAME_MARK, NUMBER_MARK
from tests.canary_search import marks_in_database, marks_in_tree
from tests.warehouses import fresh_warehouse

NAME = f"Nguyễn Văn {NAME_MARK} An"
IDENTITY, PHONE, MAIL = f"{NUMBER_MARK}123456", f"{NUMBER_MARK}1234", f"an@{FILE_MARK}.invalid"
INPUT, RESULT = f"/tep/{FILE_MARK}-1.pdf", f"/tep/{FILE_MARK}-2.pdf"
PERSON: dict[str, Any] = {
    "ChuHoSo": NAME,
    "DinhDanhCHS": [{"LoaiDinhDanh": "1", "SoDinhDanh": IDENTITY}],
    "SoDienThoai": PHONE,
    "Email": MAIL,
    "TaiLieuNop": [{"TenTepDinhKem": NAME, "DuongDanTaiTepTin": INPUT, "DuocTaiSuDung": "1"}],
    "DanhSachGiayToKetQua": [
        {"TenGiayTo": NAME, "DuongDanTepTinKetQua": RESULT, "MaGiayToKetQua": "K1"},
        {"TenGiayTo": NAME, "DuongDanTepTinKetQua": INPUT, "MaGiayToKetQua": "K2"},
    ],
    "DanhSachLePhi": [{"TenPhiLePhi": NAME, "Gia": "8000"}],
    "GhiChu": NAME,
    NAME: NAME,
}
# Another person, whose data stay: no mark in them.
OTHER = {"ChuHoSo": "Trần Thị B", "DinhDanhCHS": [{"SoDinhDanh": "001099123456"}], "GhiChu": "x"}
RAW = ("dossiers", "payments", "petitions", "ratings")


@pytest.fixture
def loading(warehouse: psycopg.Connection, tmp_path: Path) -> Loading:
    ready = Loading(warehouse, Landing(tmp_path / "landing"))
    ready.deliver("units", unit())
    ready.deliver("procedures", procedure())
    return ready


def run(loading: Loading, kind: Any, value: str = "", before: datetime | None = None) -> Erased:
    by = MendNote(mended_by="clerk", because="asked for in writing")
    try:
        return erase(loading.connection, loading.landing.store, Wanted(kind, value, before), by)
    finally:
        loading.connection.rollback()
        loading.assert_accounted()


def raw(connection: psycopg.Connection) -> dict[str, list[Any]]:
    """Every row but its batch's number, which another warehouse counts otherwise."""
    return {
        feed: sorted(
            row[0]
            for row in connection.execute(
                f"select (to_jsonb(r) - 'batch_id')::text from raw.{feed} as r"
            )
        )
        for feed in RAW
    }


def nowhere(loading: Loading) -> None:
    assert marks_in_tree(Path(loading.landing.store.url)) == {}
    assert marks_in_database(loading.connection) == {}


def records(loading: Loading, feed: str) -> list[bytes]:
    store = loading.landing.store
    return [
        record.body
        for path, manifest in store.manifests(feed)
        for record in store.records(path, manifest)
    ]


def assert_reload_gives_the_same(loading: Loading, server: str) -> None:
    """A warehouse made from the landing alone has the same rows and counts, and the ledger's."""
    counts = "select feed, kind, manifest_sha256, delivered, loaded, duplicates, quarantined "
    counts += "from ops.batch order by landed_path"
    with fresh_warehouse(server) as dsn, connect(dsn) as other:
        load_landed(other, loading.landing.store)
        assert raw(other) == raw(loading.connection)
        assert other.execute(counts).fetchall() == loading.rows(counts)
        assert marks_in_database(other) == {}


def test_the_person_of_a_dossier_goes_from_every_version(
    loading: Loading, postgres_server: str
) -> None:
    loading.deliver("dossiers", dossier("D1", **PERSON), dossier("D2", **OTHER))
    newer = dossier("D1", "20250304090000", **PERSON) | {"TrangThaiHoSo": "7"}
    loading.deliver("dossiers", newer, dossier("D3", **OTHER), page_size=1)
    loading.deliver("dossiers", dossier("D1", "20250305090000", **PERSON | {"MaDonVi": "U9"}))
    loading.deliver("payments", payment("P1", GhiChu=NAME), payment("P2", MaHoSo="D2", GhiChu="y"))
    before, untouched = raw(loading.connection), records(loading, "dossiers")[1]
    assert run(loading, "dossier", "D1") == Erased(4, 4, 1)
    nowhere(loading)
    assert raw(loading.connection) == before
    bodies = [json.loads(body) for body in records(loading, "dossiers")]
    assert [body["MaHoSo"] for body in bodies] == ["D1", "D2", "D1", "D3", "D1"]
    assert records(loading, "dossiers")[1] == untouched
    assert bodies[0]["ChuHoSo"] is None
    assert bodies[0]["GhiChu"] is None
    assert bodies[0]["DanhSachLePhi"] == [{"Gia": "8000"}]
    assert_reload_gives_the_same(loading, postgres_server)
    # What waited for its unit is loaded when that is known.
    loading.deliver("units", unit("U9"))
    assert [report.loaded for report in loading.retry()] == [1]
    assert before["dossiers"] != raw(loading.connection)["dossiers"]


def test_electronic_results_are_told_from_resent_inputs_as_before(loading: Loading) -> None:
    loading.deliver("dossiers", dossier("D1", **PERSON))
    run(loading, "dossier", "D1")
    (body,) = map(json.loads, records(loading, "dossiers"))
    results = [entry["DuongDanTepTinKetQua"] for entry in body["DanhSachGiayToKetQua"]]
    assert body["TaiLieuNop"] == [{"DuongDanTaiTepTin": "1", "DuocTaiSuDung": "1"}]
    assert results == ["2", "1"]


def test_the_same_again_changes_nothing(loading: Loading) -> None:
    loading.deliver("dossiers", dossier("D1", **PERSON), dossier("D2", **PERSON | {"MaTTHC": NAME}))
    assert run(loading, "identity_number", IDENTITY) == Erased(1, 2, 1)
    assert run(loading, "identity_number", IDENTITY) == Erased(0, 0, 0)
    assert run(loading, "dossier", "D1") == Erased(0, 0, 0)
    nowhere(loading)


def test_an_identity_number_is_found_in_all_that_names_it(
    loading: Loading, postgres_server: str
) -> None:
    loading.deliver("dossiers", dossier("D1", **PERSON), dossier("D2", **PERSON))
    loading.deliver("dossiers", dossier("D3", **OTHER), dossier("D4", GhiChu=f"9{IDENTITY}"))
    loading.deliver("dossiers", dossier("D5", **PERSON | {"DinhDanhCHS": json.dumps(IDENTITY)}))
    loading.deliver("petitions", petition(TieuDe=f"Về ông {NAME}, {IDENTITY}", HoTen=NAME))
    before, others = raw(loading.connection), records(loading, "dossiers")[2:4]
    assert run(loading, "identity_number", f" {IDENTITY}\n") == Erased(3, 4, 0)
    assert raw(loading.connection) == before
    assert records(loading, "dossiers")[2:4] == others
    assert not any(IDENTITY in text.decode() for text in records(loading, "petitions"))
    assert_reload_gives_the_same(loading, postgres_server)


def test_another_dossier_that_names_it_keeps_its_person(loading: Loading) -> None:
    loading.deliver("dossiers", dossier("D1", **PERSON), dossier("D2", **OTHER | {"GhiChu": "D1"}))
    # Columns have shifted: whose it is can only be told by what stands anywhere.
    loading.deliver("dossiers", dossier("", **PERSON | {"MaTTHC": "D1"}))
    other = records(loading, "dossiers")[1]
    assert run(loading, "dossier", "D1") == Erased(2, 2, 1)
    nowhere(loading)
    assert records(loading, "dossiers")[1] == other


def test_of_a_bad_record_key_and_version_alone_stay(loading: Loading, postgres_server: str) -> None:
    """A person's data may stand in any field of it, the key included."""
    loading.deliver(
        "dossiers",
        dossier("D1", **PERSON | {"TrangThaiHoSo": NAME}),
        dossier(IDENTITY, **PERSON | {"MaTTHC": NAME, "NgayCapNhat": PHONE}),
        dossier("D2", **OTHER | {"TrangThaiHoSo": "77"}),
    )
    assert run(loading, "identity_number", IDENTITY) == Erased(1, 2, 2)
    nowhere(loading)
    assert loading.rows(
        "select body, record_key from quarantine.record order by record_id limit 2"
    ) == [
        (b'{"MaHoSo":"D1","NgayCapNhat":"20250303090000"}', "D1"),
        (b"{}", None),
    ]
    assert_reload_gives_the_same(loading, postgres_server)


@pytest.mark.parametrize("media", ["jsonl", "csv", "xlsx"])
def test_a_file_is_still_known_and_its_lines_keep_their_numbers(
    loading: Loading, tmp_path: Path, media: str, postgres_server: str
) -> None:
    inbox = tmp_path / "inbox"
    inbox.mkdir()
    file = inbox / f"dossiers.{media}"
    # A table's header is nobody's in particular.
    person = {name: value for name, value in PERSON.items() if name != NAME}
    file.write_bytes(_file(media, [dossier("D1", **person), dossier("D2", **OTHER)]))
    (taken,) = take_files(inbox, loading.landing.store)
    assert taken.outcome == "taken"
    load_landed(loading.connection, loading.landing.store)
    before = raw(loading.connection)
    assert len(before["dossiers"]) == 2
    assert run(loading, "dossier", "D1") == Erased(1, 1, 0)
    nowhere(loading)
    assert [json.loads(body)["MaHoSo"] for body in records(loading, "dossiers")] == ["D1", "D2"]
    assert take_files(inbox, loading.landing.store)[0].outcome == "known"
    assert_reload_gives_the_same(loading, postgres_server)


def _file(media: str, rows: list[dict[str, Any]]) -> bytes:
    if media == "jsonl":
        return b"\n\n".join(json.dumps(row).encode() for row in rows) + b"\n"
    header = list(dict.fromkeys(name for row in rows for name in row))
    cells = [
        [v if isinstance(v, str) else json.dumps(v) for v in (row.get(n, "") for n in header)]
        for row in rows
    ]
    file = io.BytesIO()
    if media == "csv":
        lines = [
            ",".join('"' + c.replace('"', '""') + '"' for c in row) for row in (header, *cells)
        ]
        return "\n".join(lines).encode()
    book = openpyxl.Workbook()
    assert book.active is not None
    for row in (header, *cells):
        book.active.append(row)
    book.save(file)
    return file.getvalue()


def test_a_mended_record_is_erased_where_it_was_landed_again(
    loading: Loading, tmp_path: Path, postgres_server: str
) -> None:
    loading.deliver("dossiers", dossier("D1", **PERSON | {"TrangThaiHoSo": "77"}))
    file = tmp_path / "mend.ndjson"
    lines = export(loading, "unknown_value", file)
    lines[0]["body"]["TrangThaiHoSo"] = "4"
    assert not mend(loading, file, lines).problems
    file.unlink()
    before = raw(loading.connection)
    assert run(loading, "dossier", "D1") == Erased(2, 2, 1)
    nowhere(loading)
    assert raw(loading.connection) == before
    assert_reload_gives_the_same(loading, postgres_server)


def test_who_erased_and_why_is_kept_and_not_whom(loading: Loading) -> None:
    loading.deliver("dossiers", dossier("D1", **PERSON))
    (before,) = loading.rows("select manifest_sha256 from ops.batch where feed = 'dossiers'")
    run(loading, "dossier", "D1")
    ((ledger,),) = loading.rows("select to_jsonb(e) from ops.erasure as e")
    assert ledger.pop("erased_at")
    assert ledger == {
        "erasure_id": 1, "kind": "dossier", "landed_before": None, "erased_by": "clerk",
        "because": "asked for in writing", "landings": 1, "landed_records": 1,
        "quarantined_records": 0,
    }  # fmt: skip
    ((_, manifest),) = loading.landing.store.manifests("dossiers")
    (note,) = manifest.erasures or ()
    assert (note.erased_by, note.because, note.records) == ("clerk", "asked for in writing", 1)
    assert (manifest.sha256,) == before
    with pytest.raises(psycopg.errors.ObjectNotInPrerequisiteState):
        loading.connection.execute("delete from ops.erasure")
    loading.connection.rollback()


@pytest.mark.parametrize("step", ["publish", "replace"])
def test_broken_off_it_is_finished_by_the_next(
    loading: Loading, monkeypatch: pytest.MonkeyPatch, step: str
) -> None:
    """Before the manifest nothing has happened; after it the pages follow."""
    loading.deliver("dossiers", dossier("D1", **PERSON), dossier("D2", **OTHER), page_size=1)
    before = raw(loading.connection)

    def killed(*_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(rewriting, step, killed)
        with pytest.raises(KeyboardInterrupt):
            run(loading, "dossier", "D1")
    if step == "publish":
        assert len(records(loading, "dossiers")) == 2
    else:
        with pytest.raises(LandingCorruptError):
            records(loading, "dossiers")
    run(loading, "dossier", "D1")
    nowhere(loading)
    assert len(records(loading, "dossiers")) == 2
    assert raw(loading.connection) == before
    assert not list(Path(loading.landing.store.url).rglob(".*"))


def test_a_page_that_was_altered_otherwise_is_not_rewritten(loading: Loading) -> None:
    path, _ = loading.landing.land(Delivery("dossiers", [dossier("D1", **PERSON)]))
    (page,) = (Path(loading.landing.store.url) / path).glob("page-*")
    page.write_bytes(page.read_bytes()[:-1])
    with pytest.raises(LandingCorruptError):
        run(loading, "dossier", "D1")


def test_a_number_that_is_loaded_cannot_be_erased(loading: Loading) -> None:
    loading.deliver("dossiers", dossier(IDENTITY, **OTHER))
    with pytest.raises(ErasureError, match="--dossier") as refused:
        run(loading, "identity_number", IDENTITY)
    assert IDENTITY not in str(refused.value)
    assert loading.value("select count(*) from ops.erasure") == 0


@pytest.mark.parametrize(("kind", "value"), [("dossier", " "), ("identity_number", "0007")])
def test_too_little_to_know_one_person_by(kind: Any, value: str) -> None:
    with pytest.raises(ErasureError):
        Wanted(kind, value)


def test_persons_of_long_ago(loading: Loading, postgres_server: str) -> None:
    old, new = datetime(2025, 10, 2, tzinfo=UTC), datetime(2025, 11, 2, tzinfo=UTC)
    late = dossier("D3", "20250304090000", **OTHER)
    loading.deliver(
        "dossiers", dossier("D1", **PERSON), dossier("D2", **PERSON | {"MaTTHC": NAME}), at=old
    )
    loading.deliver("petitions", petition(HoTen=NAME, TieuDe=NAME, SoDienThoai=PHONE), at=old)
    loading.deliver("dossiers", late, at=new)
    before = raw(loading.connection)
    assert run(loading, "older_than", before=datetime(2025, 11, 1, tzinfo=UTC)) == Erased(2, 3, 1)
    nowhere(loading)
    assert json.loads(records(loading, "dossiers")[-1]) == late
    assert raw(loading.connection) == before
    assert loading.value("select landed_before from ops.erasure") == datetime(
        2025, 11, 1, tzinfo=UTC
    )
    assert_reload_gives_the_same(loading, postgres_server)


def test_a_landing_without_an_erasure_keeps_its_manifests_bytes(loading: Loading) -> None:
    loading.deliver("dossiers", dossier("D2", **OTHER))
    (manifest,) = (Path(loading.landing.store.url) / "dossiers").glob("*/manifest.json")
    before = manifest.read_bytes()
    run(loading, "dossier", "D1")
    assert manifest.read_bytes() == before
    assert b"erasures" not in before
    assert isinstance(next(loading.landing.store.manifests("dossiers"))[1], Manifest)
    assert BY.because
