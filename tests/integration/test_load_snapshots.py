"""Snapshot feeds: only what changes is stored, what vanishes is marked, order does not matter."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory

import psycopg
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from load_support import Delivery, Landing, Loading, procedure, unit

from service_index.warehouse.connection import connect

NOON = datetime(2025, 10, 1, 12, tzinfo=UTC)


@pytest.fixture
def loading(warehouse: psycopg.Connection, tmp_path: Path) -> Loading:
    return Loading(warehouse, Landing(tmp_path))


def states(loading: Loading, feed: str = "units", content: str = "unit_name") -> list[object]:
    """Every stored row: version, content, whether removed."""
    return loading.rows(
        f"select version_at, {content}, is_removed from raw.{feed} order by version_at, {content}"
    )


def test_version_is_the_time_of_the_snapshot(loading: Loading) -> None:
    loading.deliver("units", unit(TenDonVi="A"), at=NOON)
    assert states(loading) == [(NOON, "A", False)]


def test_only_what_changed_is_stored(loading: Loading) -> None:
    loading.deliver("units", unit("U1", TenDonVi="A"), unit("U2", TenDonVi="B"))
    second = loading.deliver("units", unit("U1", TenDonVi="A"), unit("U2", TenDonVi="C"))
    assert (second.loaded, second.duplicates, second.warnings) == (1, 1, {})
    assert [row[1:] for row in states(loading)] == [("A", False), ("B", False), ("C", False)]


def test_content_that_comes_back_is_stored_again(loading: Loading) -> None:
    for name in "ABA":
        assert loading.deliver("units", unit(TenDonVi=name)).loaded == 1


def test_vanished_key_is_removed_once_and_may_come_back(loading: Loading) -> None:
    loading.deliver("units", unit("U1", TenDonVi="A"), unit("U2", TenDonVi="B"))
    gone = loading.deliver("units", unit("U1", TenDonVi="A"), at=NOON)
    assert (gone.delivered, gone.loaded, gone.removed) == (1, 0, 1)
    assert (NOON, "B", True) in states(loading)
    assert loading.rows("select landed_file, landed_line from raw.units where is_removed") == [
        (f"{gone.landed_path}/manifest.json", 0)
    ]
    later = NOON + timedelta(days=1)
    assert loading.deliver("units", unit("U1", TenDonVi="A"), at=later).removed == 0
    back = [unit("U1", TenDonVi="A"), unit("U2", TenDonVi="B")]
    assert loading.deliver("units", *back, at=later + timedelta(days=1)).loaded == 1
    assert not loading.latest("units")["U2", date(2020, 1, 1)]["is_removed"]


def test_key_of_a_refused_record_has_not_vanished(loading: Loading) -> None:
    loading.deliver("units", unit())
    report = loading.deliver("units", unit(LoaiDonVi="?"))
    assert (report.quarantined, report.removed) == (1, 0)
    assert report.warnings == {"earlier_version_stands": 1}


def test_file_of_a_snapshot_feed_removes_nothing(loading: Loading) -> None:
    loading.deliver("units", unit("U1"), unit("U2"))
    content = b'{"MaDonVi": "U3", "HieuLucTu": "20200101", "LoaiDonVi": "so"}'
    report = loading.load(loading.landing.land_file("units", "jsonl", content, 1))
    assert (report.kind, report.loaded, report.removed) == ("file", 1, 0)
    assert loading.value("select count(*) from raw.units where not is_removed") == 3


def test_versions_of_a_unit_are_keys_of_their_own(loading: Loading) -> None:
    loading.deliver("units", unit(HieuLucDen="20250630"), unit(HieuLucTu="20250701"))
    assert len(loading.latest("units")) == 2


def test_repeated_key_within_a_snapshot(loading: Loading) -> None:
    report = loading.deliver("units", unit(), unit(), unit(TenDonVi="B"))
    assert (report.loaded, report.duplicates) == (2, 1)
    assert report.warnings == {"equal_version_differs": 1}
    assert loading.deliver("units", unit(TenDonVi="B")).duplicates == 1


def test_the_first_later_snapshot_ends_what_came_late(loading: Loading) -> None:
    later = [NOON + timedelta(days=day) for day in (1, 2)]
    for instant in later:
        loading.deliver("units", unit("U1", TenDonVi="A"), at=instant)
    loading.deliver("units", unit("U1", TenDonVi="A"), unit("U2", TenDonVi="B"), at=NOON)
    of_both = [(NOON, "A", False), (NOON, "B", False)]
    assert states(loading) == [*of_both, (later[0], "A", False), (later[0], "B", True)]


def test_rows_of_a_refused_snapshot_do_not_stand(loading: Loading) -> None:
    loading.deliver("units", unit("U1"), unit("U2"))
    cut_short = loading.deliver("units")
    assert cut_short.removed == 2
    loading.connection.execute(
        "update ops.batch set status = 'refused' where batch_id = %s", [cut_short.batch_id]
    )
    whole = loading.deliver("units", unit("U1"), unit("U2"))
    assert (whole.loaded, whole.duplicates, whole.removed) == (0, 2, 0)
    assert loading.deliver("units", unit("U1")).removed == 1


def test_procedure_that_waited_for_its_unit_is_as_of_its_snapshot(loading: Loading) -> None:
    loading.deliver("procedures", procedure(TenTTHC="A"), at=NOON)
    loading.deliver("procedures", procedure(TenTTHC="B"), at=NOON + timedelta(hours=1))
    loading.deliver("procedures", at=NOON + timedelta(hours=2))
    loading.deliver("units", unit())
    (report,) = loading.retry()
    assert report.loaded == 2
    assert states(loading, "procedures", "case when not is_removed then procedure_name end") == [
        (NOON, "A", False),
        (NOON + timedelta(hours=1), "B", False),
        (NOON + timedelta(hours=2), None, True),
    ]


# A snapshot: key → its content, None where its record is spoilt. Without a key: not delivered.
SNAPSHOT = st.dictionaries(st.sampled_from("abc"), st.sampled_from(["x", "y", None]), max_size=3)


def told(snapshots: list[dict[str, str | None]]) -> list[dict[str, str]]:
    """What holds after each snapshot: a spoilt record leaves the earlier good one standing."""
    held: dict[str, str] = {}
    history = []
    for snapshot in snapshots:
        good = {key: content for key, content in snapshot.items() if content}
        held = {key: held[key] for key in held if key in snapshot} | good
        history.append(held)
    return history


def stored(loading: Loading, at: datetime) -> Mapping[str, str]:
    return dict(
        loading.rows(
            "select unit_code, unit_name from ("
            "select distinct on (unit_code) * from raw.units where version_at <= %s "
            "order by unit_code, version_at desc, landed_at desc, landed_file desc, "
            "landed_line desc) as standing where not is_removed",
            at,
        )
    )


@pytest.mark.fault(15, "snapshots in any order")
@settings(
    max_examples=40,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(data=st.data(), snapshots=st.lists(SNAPSHOT, min_size=1, max_size=4))
def test_any_order_of_loading_tells_the_same_history(
    warehouse_dsn: str, data: st.DataObject, snapshots: list[dict[str, str | None]]
) -> None:
    times = [NOON + timedelta(days=day) for day in range(len(snapshots))]
    with TemporaryDirectory() as folder, connect(warehouse_dsn) as connection:
        connection.execute("truncate ops.batch, raw.units, quarantine.record cascade")
        loading = Loading(connection, Landing(Path(folder)))
        landed = []
        for at, snapshot in zip(times, snapshots, strict=True):
            records = [
                unit(key, TenDonVi=content, LoaiDonVi="xa" if content else "?")
                for key, content in snapshot.items()
            ]
            landed.append(loading.landing.land(Delivery("units", records), at))
        for one in data.draw(st.permutations(landed)):
            loading.load(one)
        assert [stored(loading, at) for at in times] == told(snapshots)
