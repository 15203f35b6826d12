"""The order of arrival does not matter: any order and partition end in the same versions."""

from __future__ import annotations

import random
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from load_support import Delivery, Landing, Loading, Record, dossier, procedure, rating, unit

from service_index.loading import load_landed
from service_index.warehouse.connection import connect

RECORDS = st.lists(
    st.builds(
        dossier,
        st.sampled_from(["D1", "D2"]),
        st.sampled_from(["20250303090000", "20250304090000", "29990101000000"]),
        MaDonVi=st.sampled_from(["U1", "U2", "U9"]),
        DaXoa=st.sampled_from(["0", "1"]),
        TrangThaiHoSo=st.sampled_from(["2", "4", "99"]),
    ),
    max_size=8,
)


def unambiguous(records: list[Record]) -> list[Record]:
    """One content for each key and version: of two contents the landing order would decide."""
    return list({(r["MaHoSo"], r["NgayCapNhat"]): r for r in records}.values())


def final_state(dsn: str, deliveries: list[Delivery], at_once: bool) -> dict[str, Any]:
    """The latest versions after the deliveries came one by one, or landed first and then loaded."""
    with TemporaryDirectory() as folder, connect(dsn) as connection:
        connection.execute(
            "truncate ops.batch, raw.dossiers, raw.ratings, raw.units, raw.procedures, "
            "quarantine.record cascade"
        )
        loading = Loading(connection, Landing(Path(folder)))
        for delivery in deliveries:
            loading.landing.land(delivery)
            if not at_once:
                load_landed(connection, loading.landing.store)
        load_landed(connection, loading.landing.store)
        loading.assert_accounted()
        state: dict[str, Any] = {feed: loading.latest(feed) for feed in ("dossiers", "ratings")}
        state["waiting"] = set(
            loading.rows(
                "select record_key, record_version, rule from quarantine.record "
                "where resolved_at is null"
            )
        )
        return state


@pytest.mark.fault(15, "versions in any order and any partition into batches")
@settings(
    max_examples=25,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(records=RECORDS, seed=st.integers(0, 2**16))
def test_any_order_and_partition_ends_in_the_same_versions(
    warehouse_dsn: str, records: list[Record], seed: int
) -> None:
    records = unambiguous(records)
    whole = [
        Delivery("units", [unit("U1"), unit("U2")]),
        Delivery("procedures", [procedure()]),
        Delivery("dossiers", records),
        Delivery("ratings", [rating()]),
    ]
    expected = final_state(warehouse_dsn, whole, at_once=True)

    chance = random.Random(seed)
    shuffled = records + chance.sample(records, len(records) // 2)
    chance.shuffle(shuffled)
    cuts = sorted(chance.choices(range(len(shuffled) + 1), k=2))
    pieces = [shuffled[: cuts[0]], shuffled[cuts[0] : cuts[1]], shuffled[cuts[1] :]]
    parts = [whole[0], whole[1], whole[3], *(Delivery("dossiers", piece) for piece in pieces)]
    chance.shuffle(parts)
    assert final_state(warehouse_dsn, parts, at_once=chance.random() < 0.5) == expected


def test_rebuilt_from_the_landing_alone(warehouse_dsn: str, tmp_path: Path) -> None:
    """What came in over several runs and what an empty warehouse makes of the same landing."""
    with connect(warehouse_dsn) as connection:
        loading = Loading(connection, Landing(tmp_path))
        for delivery in (
            Delivery("dossiers", [dossier("D1"), dossier("D2", MaDonVi="U2")]),
            Delivery("units", [unit("U1")]),
            Delivery("procedures", [procedure(), procedure(unit_code="U2")]),
            Delivery("dossiers", [dossier("D1", TrangThaiHoSo="99"), dossier("D3")]),
            Delivery("units", [unit("U1"), unit("U2", LoaiDonVi="so")]),
        ):
            loading.landing.land(delivery)
            load_landed(connection, loading.landing.store)
        feeds = ("units", "procedures", "dossiers")
        before = {feed: loading.latest(feed) for feed in feeds}
        assert len(before["dossiers"]) == 3
        connection.execute("truncate ops.batch, raw.dossiers, raw.units, raw.procedures cascade")
        load_landed(connection, loading.landing.store)
        assert {feed: loading.latest(feed) for feed in feeds} == before
