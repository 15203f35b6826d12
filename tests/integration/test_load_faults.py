"""Whatever breaks a load leaves nothing of it behind; no amount of bad records fills memory."""

from __future__ import annotations

import json
import subprocess
import sys
import textwrap
import threading
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
from load_support import Delivery, Landing, Loading, dossier, procedure, rating, unit

from service_index.landing.errors import LandingCorruptError
from service_index.landing.manifest import Manifest
from service_index.landing.store import LandedRecord, LandingStore
from service_index.loading import load_batch, load_landed
from service_index.loading import merging as merging_module
from service_index.loading.staging import KEPT_RECORDS
from service_index.quality.gate import run_batch_gate
from service_index.warehouse.connection import connect

TABLES = ("ops.batch", "ops.watermark", "quarantine.record", "raw.ratings")


@pytest.fixture
def loading(warehouse: psycopg.Connection, tmp_path: Path) -> Loading:
    ready = Loading(warehouse, Landing(tmp_path))
    ready.deliver("units", unit())
    ready.deliver("procedures", procedure())
    return ready


def sizes(dsn: str) -> dict[str, int]:
    with connect(dsn) as connection:
        counts = {}
        for table in TABLES:
            row = connection.execute(f"select count(*) from {table}").fetchone()
            assert row is not None
            counts[table] = row[0]
        return counts


class Interrupting(LandingStore):
    """Ends the server process of a connection after so many records."""

    def __init__(self, folder: Path, dsn: str, backend: int, after: int) -> None:
        super().__init__(str(folder))
        self._dsn = dsn
        self._backend = backend
        self._after = after

    def records(self, path: str, manifest: Manifest) -> Iterator[LandedRecord]:
        for number, record in enumerate(super().records(path, manifest)):
            if number == self._after:
                with connect(self._dsn, autocommit=True) as other:
                    other.execute("select pg_terminate_backend(%s, 5000)", [self._backend])
            yield record


def mixed(count: int) -> list[dict[str, object]]:
    """Ratings of which every second is bad."""
    return [rating(f"R{n}", DanhGia="HL" if n % 2 else "?") for n in range(count)]


@pytest.mark.fault(10, "the server process of a COPY is ended after 0 to 3,000 records")
@pytest.mark.parametrize("after", [0, 600, 2 * KEPT_RECORDS + 10, 2 * KEPT_RECORDS + 999])
def test_lost_connection_leaves_nothing(
    loading: Loading, warehouse_dsn: str, tmp_path: Path, after: int
) -> None:
    landed = loading.landing.land(Delivery("ratings", mixed(2 * KEPT_RECORDS + 1000)))
    before = sizes(warehouse_dsn)
    with connect(warehouse_dsn) as doomed:
        store = Interrupting(tmp_path, warehouse_dsn, doomed.info.backend_pid, after)
        with pytest.raises(psycopg.OperationalError):
            load_batch(doomed, store, *landed)
    assert sizes(warehouse_dsn) == before
    report = loading.load(landed)
    assert (report.loaded, report.quarantined) == (KEPT_RECORDS + 500, KEPT_RECORDS + 500)


@pytest.mark.fault(10, "the server process ends once the rows are merged")
def test_lost_connection_during_the_merge_leaves_nothing(
    loading: Loading, warehouse_dsn: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    landed = loading.landing.land(Delivery("ratings", mixed(10)))
    before = sizes(warehouse_dsn)
    # The statement that merges ends its own connection once the rows are in.
    suicidal = merging_module._COUNT + " having pg_terminate_backend(pg_backend_pid())"
    with monkeypatch.context() as patch, connect(warehouse_dsn) as doomed:
        patch.setattr(merging_module, "_COUNT", suicidal)
        with pytest.raises(psycopg.OperationalError):
            load_batch(doomed, loading.landing.store, *landed)
    assert sizes(warehouse_dsn) == before
    assert loading.load(landed).loaded == 5


def test_altered_page_leaves_nothing_and_the_connection_usable(
    loading: Loading, warehouse_dsn: str, tmp_path: Path
) -> None:
    """Found out in mid-COPY: the second page is not what the manifest says."""
    path, manifest = loading.landing.land(Delivery("ratings", mixed(2000)))
    before = sizes(warehouse_dsn)
    pages = [tmp_path / path / page.file for page in manifest.pages]
    intact = pages[1].read_bytes()
    pages[1].write_bytes(pages[0].read_bytes())
    with pytest.raises(LandingCorruptError):
        load_batch(loading.connection, loading.landing.store, path, manifest)
    assert sizes(warehouse_dsn) == before
    pages[1].write_bytes(intact)
    assert loading.load((path, manifest)).loaded == 1000


def test_batches_before_a_corrupt_one_stand(loading: Loading, tmp_path: Path) -> None:
    landing = loading.landing
    landing.land(Delivery("ratings", [rating("R1")]))
    path, manifest = landing.land(Delivery("ratings", [rating("R2")]))
    (tmp_path / path / manifest.pages[0].file).unlink()
    with pytest.raises(LandingCorruptError):
        load_landed(loading.connection, landing.store)
    assert loading.rows("select rating_id from raw.ratings") == [("R1",)]


@pytest.mark.fault(12, "three loads of one landing at once")
def test_two_loads_of_one_landing_at_once(loading: Loading, warehouse_dsn: str) -> None:
    landed = loading.landing.land(Delivery("ratings", mixed(5000)))
    batches = []

    def load() -> None:
        with connect(warehouse_dsn) as own:
            batches.append(load_batch(own, loading.landing.store, *landed).batch_id)

    threads = [threading.Thread(target=load) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(batches) == 3
    assert len(set(batches)) == 1
    loading.assert_accounted()
    assert loading.value("select count(*) from raw.ratings") == 2500


HOSTILE = (
    "'; drop table raw.dossiers; --",
    '=HYPERLINK("https://example.org")',
    "<script>alert(1)</script>",
    "{{ 7*7 }}",
    "\\N",
    "\\.",
    "a\\tb\\\\",
    "\u202egnirts",
    "%(name)s",
    "{U1}",
)


@pytest.mark.fault(27, "SQL, formulas, markup, templates, COPY's own marks, in dossiers")
def test_hostile_text_comes_out_as_it_went_in(loading: Loading) -> None:
    loading.deliver("dossiers", *(dossier(f"D{n}", TenLinhVuc=t) for n, t in enumerate(HOSTILE)))
    loading.deliver("dossiers", *(dossier(text, MaLinhVuc=text) for text in HOSTILE))
    assert loading.rows(
        "select field_name from raw.dossiers where field_name is not null order by dossier_id"
    ) == [(text,) for text in HOSTILE]
    keys = loading.rows("select dossier_id, field_code from raw.dossiers where field_name is null")
    assert set(keys) == {(text, text) for text in HOSTILE}


@pytest.mark.fault(27, "the same as codes and keys")
@pytest.mark.fault(19, "codes of units that nobody knows, and learns of later")
def test_hostile_codes_wait_in_quarantine_as_they_are(loading: Loading) -> None:
    loading.deliver("ratings", *(rating(text, MaDonVi=text) for text in HOSTILE))
    kept = loading.rows("select record_key, body, rule from quarantine.record")
    assert {key for key, _, _ in kept} == set(HOSTILE)
    assert all(json.loads(body)["MaDonVi"] == key for key, body, _ in kept)
    loading.deliver("units", unit(), *(unit(text) for text in HOSTILE))
    (report,) = loading.retry()
    assert report.loaded == len(HOSTILE)


# Megabytes above what the imports need; the records themselves are over a hundred.
TOLERATED_GROWTH = 60
_CHILD = """
    import sys
    from pathlib import Path
    from service_index.landing.store import LandingStore
    from service_index.loading import load_landed
    from service_index.warehouse.connection import connect

    def peak():
        # Not ru_maxrss: that one begins with what the parent had.
        status = Path("/proc/self/status").read_text()
        return int(status.partition("VmHWM:")[2].split()[0]) // 1024

    with connect(sys.argv[1]) as connection:
        before = peak()
        for report in load_landed(connection, LandingStore(sys.argv[2])):
            print(report.feed, report.loaded, report.quarantined)
        print("growth", peak() - before)
"""


@pytest.mark.fault(
    28, "100,000 records of 1.1 kB, all bad, each with 50 keys of its own", cases="bad"
)
@pytest.mark.parametrize("state", ["99", "2"], ids=["bad", "good"])
def test_memory_does_not_grow_with_the_batch(
    loading: Loading, warehouse_dsn: str, tmp_path: Path, state: str
) -> None:
    """100,000 records of 1.1 kB, all bad or all good, in a process of their own.

    Each brings 50 keys that no other has: so the loader's counts of keys would grow as well.
    """
    count = 100_000
    records = [
        json.dumps(
            dossier(f"D{n}", TrangThaiHoSo=state) | {f"K{n}_{k}": "1" for k in range(50)}
        ).encode()
        for n in range(count)
    ]
    loading.landing.land(Delivery("dossiers", records, page_size=5000))
    del records
    ran = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(_CHILD), warehouse_dsn, str(tmp_path)],
        capture_output=True,
        text=True,
        check=True,
    )
    counts, growth = ran.stdout.splitlines()
    assert counts == (f"dossiers 0 {count}" if state == "99" else f"dossiers {count} 0")
    assert int(growth.split()[1]) < TOLERATED_GROWTH
    loading.assert_accounted()
    batch = loading.value("select max(batch_id) from ops.batch")
    refused = run_batch_gate(warehouse_dsn, [batch], tmp_path / "reports").refused
    assert refused == ((batch,) if state == "99" else ())
