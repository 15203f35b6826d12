"""Second try: what was refused only for what was not known yet comes in by itself."""

from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path

import psycopg
import pytest
from load_support import MARCH, Delivery, Landing, Loading, dossier, petition, procedure, unit

from service_index.loading import load_landed
from service_index.settings import ICT


@pytest.fixture
def loading(warehouse: psycopg.Connection, tmp_path: Path) -> Loading:
    return Loading(warehouse, Landing(tmp_path))


@pytest.mark.fault(19, "a dossier before its unit and its procedure")
def test_dossier_before_its_unit_and_procedure(loading: Loading) -> None:
    refused = loading.deliver("dossiers", dossier("D1"), dossier("D2", MaDonVi="U9"))
    assert refused.refusals == {"unknown_unit": 2}
    loading.deliver("units", unit())
    assert loading.retry() == []
    assert loading.rows("select record_key, rule from quarantine.record order by 1") == [
        ("D1", "unknown_procedure"),
        ("D2", "unknown_unit"),
    ]
    loading.deliver("procedures", procedure())
    (report,) = loading.retry()
    assert (report.feed, report.kind, report.landed_path) == ("dossiers", "retry", None)
    assert (report.delivered, report.loaded, report.quarantined) == (1, 1, 0)
    assert loading.rows(
        "select record_key, resolved_by_batch_id, resolved_at is null from quarantine.record "
        "order by 1"
    ) == [("D1", report.batch_id, False), ("D2", None, True)]
    assert loading.retry() == []


def test_retried_row_keeps_where_it_came_from(loading: Loading) -> None:
    loading.deliver("petitions", petition("K0", MaDonVi="U9"), petition("K1"))
    loading.deliver("units", unit())
    (report,) = loading.retry()
    assert loading.rows(
        "select r.landed_file = q.landed_file, r.landed_line, r.landed_at = q.landed_at, "
        "r.batch_id from raw.petitions as r "
        "join quarantine.record as q on r.petition_id = q.record_key"
    ) == [(True, 2, True, report.batch_id)]


def test_retry_batch_in_the_ledger(loading: Loading) -> None:
    """Two versions of one key, delivered twice over: loaded twice, duplicates twice, one key."""
    versions = [petition(version="20250303090000"), petition(version="20250304090000")]
    loading.deliver("petitions", *versions)
    loading.deliver("petitions", *versions)
    loading.connection.execute("update ops.batch set is_sample = true where batch_id = 1")
    loading.deliver("units", unit())
    (report,) = loading.retry()
    assert (report.delivered, report.loaded, report.duplicates) == (4, 2, 2)
    assert loading.rows(
        "select kind, landed_path, manifest_sha256, distinct_keys, window_from, status, is_sample "
        "from ops.batch where batch_id = %s",
        report.batch_id,
    ) == [("retry", None, None, 1, None, "loaded", True)]


def test_newer_version_that_came_meanwhile_stays_the_latest(loading: Loading) -> None:
    loading.deliver("units", unit())
    loading.deliver("petitions", petition(MaDonVi="U2", TrangThai="1"))
    loading.deliver("petitions", petition(version="20250304090000", TrangThai="3"))
    loading.deliver("units", unit(), unit("U2"))
    (report,) = loading.retry()
    assert report.loaded == 1
    assert loading.latest("petitions")["K1",]["state"] == 3


def test_future_version_waits_for_a_window_that_reaches_it(loading: Loading) -> None:
    loading.deliver("units", unit())
    day = (MARCH[0], MARCH[0] + timedelta(days=1))
    early = loading.deliver("petitions", petition(version="20250315090000"), window=day)
    broken_clock = loading.deliver("petitions", petition("K9", version="29990101000000"))
    assert early.refusals == broken_clock.refusals == {"version_in_future": 1}
    (report,) = loading.retry()
    assert report.loaded == 1
    assert loading.rows("select petition_id from raw.petitions") == [("K1",)]
    until = datetime(2025, 4, 1, tzinfo=ICT)
    assert loading.value("select loaded_until from ops.watermark where feed = 'petitions'") == until
    assert loading.retry() == []


def test_what_is_bad_in_itself_is_not_tried_again(loading: Loading) -> None:
    loading.deliver("units", unit())
    loading.deliver("petitions", petition(TrangThai="9"))
    assert loading.retry() == []
    assert loading.value("select resolved_at from quarantine.record") is None


def test_records_of_a_refused_batch_are_left_alone(loading: Loading) -> None:
    refused = loading.deliver("petitions", petition())
    loading.deliver("units", unit())
    loading.connection.execute(
        "update ops.batch set status = 'refused' where batch_id = %s", [refused.batch_id]
    )
    assert loading.retry() == []
    loading.connection.execute(
        "update ops.batch set status = 'passed' where batch_id = %s", [refused.batch_id]
    )
    assert len(loading.retry()) == 1


def test_retry_counts_its_warnings(loading: Loading) -> None:
    loading.deliver("petitions", petition(NgayHenTraLoi="20250101000000"))
    loading.deliver("petitions", petition(TrangThai="3"))
    loading.deliver("units", unit())
    (report,) = loading.retry()
    assert report.warnings == {"due_before_reception": 1, "equal_version_differs": 1}


def test_more_waiting_records_than_are_read_at_a_time(loading: Loading) -> None:
    keys = [f"K{number}" for number in range(1234)]
    loading.deliver("petitions", *map(petition, keys))
    loading.deliver("units", unit())
    (report,) = loading.retry()
    assert (report.loaded, loading.value("select count(*) from raw.petitions")) == (1234, 1234)


def test_load_landed_ends_with_a_second_try(
    warehouse: psycopg.Connection, loading: Loading
) -> None:
    landing = loading.landing
    landing.land(Delivery("dossiers", [dossier()]))
    (first,) = load_landed(warehouse, landing.store)
    assert first.refusals == {"unknown_unit": 1}
    landing.land(Delivery("procedures", [procedure()]))
    landing.land(Delivery("units", [unit()]))
    reports = load_landed(warehouse, landing.store)
    assert [(report.feed, report.kind) for report in reports] == [
        ("units", "snapshot"),
        ("procedures", "snapshot"),
        ("dossiers", "retry"),
    ]
