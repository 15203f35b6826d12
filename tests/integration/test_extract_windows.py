"""Whole windows and snapshots over real HTTP: what is landed, and when a window is not done."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from extraction_support import (
    HURRIED,
    MARCH,
    Between,
    CircularCursor,
    EmptyPage,
    GrowingTotal,
    calls,
    client_of,
    dossier,
    dossiers,
    keys_of,
)

from service_index.landing.store import LandingStore
from service_index.sources.errors import IncompleteWindowError
from service_index.sources.extract import extract_snapshot, extract_window
from service_index.sources.feeds import FEEDS
from simulator.faults import Fault, LostRecords, RepeatedPage, RepeatedRecords, WrongTotal
from simulator.server import SampleSource

DOSSIERS = FEEDS["dossiers"]
ALL_KEYS = [record["MaHoSo"] for record in dossiers(10)]


@pytest.fixture
def store(tmp_path: Path) -> LandingStore:
    return LandingStore(str(tmp_path / "landing"))


def files_in(folder: Path) -> list[str]:
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file())


def test_lands_every_page_byte_for_byte_with_its_description(
    store: LandingStore, tmp_path: Path
) -> None:
    with SampleSource.from_records({"dossiers": dossiers(10)}) as source, client_of(source) as api:
        before = datetime.now(UTC)
        manifest = extract_window(api, DOSSIERS, *MARCH, store, page_size=4)
        answers = [source.answer(r).body for r in list(source.requests) if r.target == "dossiers"]

    assert (manifest.feed, manifest.kind) == ("dossiers", "window")
    assert manifest.source == f"127.0.0.1:{source.port}/api"
    assert (manifest.window_from, manifest.window_to) == MARCH
    assert before <= manifest.landed_at <= datetime.now(UTC)
    assert (manifest.source_total, manifest.distinct_keys, manifest.delivered) == (10, 10, 10)
    assert (manifest.attempts, manifest.is_sample) == (1, True)
    assert [page.records for page in manifest.pages] == [4, 4, 2]
    assert [page.bytes for page in manifest.pages] == [len(body) for body in answers]
    assert [page.sha256 for page in manifest.pages] == [
        hashlib.sha256(body).hexdigest() for body in answers
    ]
    [(path, found)] = store.manifests()
    assert found == manifest
    written = (tmp_path / "landing" / path / "manifest.json").read_bytes()
    assert hashlib.sha256(written).hexdigest() == manifest.sha256
    records = list(store.records(path, manifest))
    assert [record.line for record in records] == [1, 2, 3, 4, 1, 2, 3, 4, 1, 2]
    assert records[4].file == f"{path}/page-00002.json.zst"
    assert keys_of(store, manifest) == ALL_KEYS


def test_window_is_half_open_and_asked_for_with_its_offset(store: LandingStore) -> None:
    start, end = MARCH[0] + timedelta(hours=3), MARCH[0] + timedelta(hours=7)
    with SampleSource.from_records({"dossiers": dossiers(10)}) as source, client_of(source) as api:
        manifest = extract_window(api, DOSSIERS, start, end, store)
        query = source.requests[-1].query

    assert keys_of(store, manifest) == ALL_KEYS[3:7]
    assert datetime.fromisoformat(query["updated_from"]) == start
    assert datetime.fromisoformat(query["updated_to"]) == end


def test_empty_window_is_done_with_nothing_in_it(store: LandingStore) -> None:
    with SampleSource.from_records({}) as source, client_of(source) as api:
        manifest = extract_window(api, FEEDS["ratings"], *MARCH, store)

    assert (manifest.source_total, manifest.delivered, len(manifest.pages)) == (0, 0, 1)
    assert keys_of(store, manifest) == []


def test_snapshot_is_landed_whole_by_its_compound_key(store: LandingStore) -> None:
    units = [
        {"MaDonVi": "H31.1", "HieuLucTu": "20200101", "HieuLucDen": "20250630"},
        {"MaDonVi": "H31.1", "HieuLucTu": "20250701", "HieuLucDen": ""},
        {"MaDonVi": "H31.2", "HieuLucTu": "20250701", "HieuLucDen": ""},
    ]
    with SampleSource.from_records({"units": units}) as source, client_of(source) as api:
        manifest = extract_snapshot(api, FEEDS["units"], store, page_size=2)

    assert (manifest.kind, manifest.window_from, manifest.window_to) == ("snapshot", None, None)
    assert (manifest.source_total, manifest.distinct_keys, manifest.delivered) == (3, 3, 3)


@pytest.mark.fault(
    5, "records or a page twice, a cycle of cursors, once", cases="Repeated|Circular"
)
@pytest.mark.fault(
    7, "an empty page, a wrong total or missing records, once", cases="Empty|Wrong|Lost"
)
@pytest.mark.parametrize(
    ("page_fault", "delivered"),
    [
        (EmptyPage(), 10),
        (RepeatedRecords(after=1), 14),
        # the window is read again
        (WrongTotal(), 10),
        (WrongTotal(by=-1, times=3), 10),
        (LostRecords(), 10),
        (RepeatedPage(after=1), 10),
        (CircularCursor(times=2), 10),
    ],
    ids=lambda value: type(value).__name__ if isinstance(value, Fault) else "",
)
def test_passing_fault_costs_no_record(
    store: LandingStore, page_fault: Fault, delivered: int
) -> None:
    with SampleSource.from_records({"dossiers": dossiers(10)}) as source, client_of(source) as api:
        source.faults.append(page_fault)
        manifest = extract_window(api, DOSSIERS, *MARCH, store, page_size=4)

    assert page_fault.struck
    assert (manifest.source_total, manifest.distinct_keys) == (10, 10)
    assert manifest.delivered == delivered
    assert sorted(set(keys_of(store, manifest))) == ALL_KEYS
    assert len(list(store.manifests())) == 1


@pytest.mark.fault(5, "a cycle of cursors for ever", cases="Circular")
@pytest.mark.fault(
    7,
    "an empty page, a wrong or growing total, missing records, for ever",
    cases="Empty|Wrong|Growing|Lost",
)
@pytest.mark.parametrize(
    ("page_fault", "reason"),
    [
        (WrongTotal(times=None), "10 distinct keys, but its total is 11"),
        (WrongTotal(by=-1, times=None), "more distinct keys than its total of 9"),
        (GrowingTotal(times=None), "the total changed from"),
        (LostRecords(times=None), "7 distinct keys, but its total is 10"),
        (CircularCursor(times=None), "a cursor came back"),
        (EmptyPage(times=None), "pages in a row without a new record"),
    ],
    ids=lambda value: type(value).__name__ if isinstance(value, Fault) else "",
)
def test_lasting_fault_leaves_the_window_undone(
    store: LandingStore, tmp_path: Path, page_fault: Fault, reason: str
) -> None:
    policy = replace(HURRIED, readings=2, max_barren_pages=3)
    with (
        SampleSource.from_records({"dossiers": dossiers(10)}) as source,
        client_of(source, policy) as api,
    ):
        source.faults.append(page_fault)
        with pytest.raises(IncompleteWindowError) as failure:
            extract_window(api, DOSSIERS, *MARCH, store, page_size=4)

    assert reason in str(failure.value)
    assert "dossiers 2025-03-01" in str(failure.value)
    assert "2 readings" in str(failure.value)
    assert "\n" not in str(failure.value)
    assert files_in(tmp_path) == []


@pytest.mark.fault(6, "a record of the first page is updated before the second")
def test_records_that_leave_the_window_while_it_is_paged_are_found_where_they_went(
    store: LandingStore,
) -> None:
    with SampleSource.from_records({"dossiers": dossiers(10)}) as source, client_of(source) as api:

        def update_the_first() -> None:
            april = dossier(0, updated=MARCH[1] + timedelta(hours=1))
            source.replace("dossiers", [*dossiers(10)[1:], april])

        # after the first page has left: what follows moves up by one, past the cursor
        source.faults.append(Between(after=1, action=update_the_first))
        march = extract_window(api, DOSSIERS, *MARCH, store, page_size=4)
        april = extract_window(
            api, DOSSIERS, MARCH[1], MARCH[1] + timedelta(days=1), store, page_size=4
        )

    assert march.attempts == 2
    assert keys_of(store, march) == ALL_KEYS[1:]
    assert keys_of(store, april) == ALL_KEYS[:1]


def test_record_without_its_key_counts_as_one(store: LandingStore) -> None:
    records = [dossier(0), dossier(1, MaHoSo=""), dossier(2, MaHoSo=None), dossier(3)]
    del records[3]["MaHoSo"]
    with SampleSource.from_records({"dossiers": records}) as source, client_of(source) as api:
        source.faults.append(RepeatedRecords())
        manifest = extract_window(api, DOSSIERS, *MARCH, store)

    assert (manifest.source_total, manifest.distinct_keys, manifest.delivered) == (4, 4, 8)
    assert manifest.attempts == 1


def test_records_without_a_key_may_be_alike(store: LandingStore) -> None:
    """They are two at the source, so the window would never be done if they counted as one."""
    alike = {"NgayCapNhat": "20250301080000"}
    with (
        SampleSource.from_records({"dossiers": [alike, alike, dossier(9)]}) as source,
        client_of(source) as api,
    ):
        manifest = extract_window(api, DOSSIERS, *MARCH, store)

    assert (manifest.source_total, manifest.distinct_keys, manifest.delivered) == (3, 3, 3)


def test_keyless_repeat_does_not_hide_a_lost_record(store: LandingStore) -> None:
    """One keyless record twice and one other record missing add up to the total, too."""
    records = [dossier(0, MaHoSo=""), dossier(1), dossier(2)]
    with SampleSource.from_records({"dossiers": records}) as source, client_of(source) as api:
        source.faults += [LostRecords(count=2), RepeatedRecords(), WrongTotal(by=-1)]
        manifest = extract_window(api, DOSSIERS, *MARCH, store)

    assert manifest.attempts == 2
    assert set(keys_of(store, manifest)) == {"-", *ALL_KEYS[1:3]}


@pytest.mark.parametrize(
    ("start", "end"),
    [
        (MARCH[1], MARCH[0]),
        (MARCH[0], MARCH[0]),
        (MARCH[0].replace(tzinfo=None), MARCH[1].replace(tzinfo=None)),
        (MARCH[0], datetime.now(UTC) + timedelta(hours=1)),
    ],
)
def test_window_must_lie_in_the_past(store: LandingStore, start: datetime, end: datetime) -> None:
    with SampleSource.from_records({}) as source, client_of(source) as api:
        with pytest.raises(ValueError, match="dossiers"):
            extract_window(api, DOSSIERS, start, end, store)
        assert calls(source, "dossiers") == 0
