"""However the same records are delivered, and wherever, the same marts and release (I2)."""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import psycopg
import pytest

from simulator.server import SampleSource
from tests.integration.late_batch import PROCEDURE, UNITS
from tests.reliability.conftest import Undisturbed
from tests.reliability.end_state import end_state
from tests.reliability.installation import DATABASE, Installation, round_of
from tests.reliability.stage_process import Step

FIRST, AFTER_LAST = date(2025, 3, 1), date(2025, 4, 2)
ROUND = round_of(FIRST.isoformat(), AFTER_LAST.isoformat(), "2025-03")
Record = dict[str, Any]


def dossier(key: str, received: str, finished: str, updated: str, **changes: str) -> Record:
    return {
        "MaHoSo": key, "MaTTHC": "1.000001", "MaDonVi": "X1", "KenhThucHien": "2",
        "NgayTiepNhan": received, "NgayHenTra": "20250310235959", "NgayKetThucXuLy": finished,
        "TrangThaiHoSo": "10", "NgayCapNhat": updated, **changes,
    }  # fmt: skip


# Either side of a month's and a day's end in Vietnam, where it is still the day before in UTC and
# New York: received, finished, whether that is on time, and the month in which it is resolved.
EDGES = {
    "E1": ("20250301000000", "20250310235959", True, date(2025, 3, 1)),
    "E2": ("20250301000000", "20250311000000", False, date(2025, 3, 1)),
    "E3": ("20250303080000", "20250331235959", False, date(2025, 3, 1)),
    "E4": ("20250303080000", "20250401000000", False, date(2025, 4, 1)),
    "E5": ("20250228235959", "20250301003000", True, date(2025, 3, 1)),
}
VERSIONS = 3


def records(draw: random.Random, version: int = VERSIONS) -> list[Record]:
    """Dossiers as they are at one of their versions, from which they go on by other channels."""
    edges = [
        dossier(key, received, finished, finished)
        for key, (received, finished, *_) in EDGES.items()
    ]
    others = []
    for number in range(60):
        first_day = draw.randrange(2, 20)
        days = [first_day, first_day + draw.randrange(1, 5), first_day + draw.randrange(5, 11)]
        stamps = [f"202503{day:02d}{draw.randrange(24):02d}0000" for day in days]
        channels = [draw.choice("123") for _ in days]
        finished = stamps[version - 1] if version > 1 else ""
        others.append(
            dossier(
                f"H{number}",
                stamps[0],
                finished,
                stamps[version - 1],
                KenhThucHien=channels[version - 1],
                TrangThaiHoSo="10" if finished else "2",
                MaDonVi=draw.choice(["X1", "X2"]),
            )
        )
    return edges + others


@pytest.fixture(scope="module")
def edge_source() -> Iterator[SampleSource]:
    feeds = {"units": UNITS, "procedures": [PROCEDURE], "dossiers": records(random.Random(17))}
    with SampleSource.from_records(feeds) as serving:
        yield serving


def numbers(installation: Installation) -> dict[str, Any]:
    state = end_state(installation)
    return {name: state[name] for name in ("marts", "releases", "watermarks")}


@pytest.fixture(scope="module")
def straight(undisturbed: Undisturbed, edge_source: SampleSource) -> dict[str, Any]:
    """Everything in one window, on a host in UTC."""
    return numbers(delivered(undisturbed, edge_source, ROUND))


def delivered(
    undisturbed: Undisturbed, source: SampleSource, steps: Sequence[Step], **variables: str
) -> Installation:
    """An installation that began empty and has done these steps."""
    installation = replace(
        undisturbed.installation, source_uri=source.connection_uri, variables=variables
    )
    installation.go_back(undisturbed.empty)
    if "PGTZ" in variables:
        with psycopg.connect(installation.server_dsn, autocommit=True) as admin:
            admin.execute(f"alter database {DATABASE} set timezone = '{variables['PGTZ']}'")
    installation.finish(steps)
    return installation


@pytest.mark.fault(17, "host, session and server in another time zone; events at the edges of days")
@pytest.mark.parametrize(
    "zone",
    [pytest.param("Asia/Ho_Chi_Minh", marks=pytest.mark.long), "America/New_York"],
)
def test_host_in_another_time_zone(
    undisturbed: Undisturbed, edge_source: SampleSource, straight: dict[str, Any], zone: str
) -> None:
    installation = delivered(undisturbed, edge_source, ROUND, TZ=zone, PGTZ=zone)
    assert numbers(installation) == straight
    with installation.connect() as connection:
        rows = connection.execute(
            "select dossier_id, is_on_time, resolved_month from marts.fct_dossier "
            "where dossier_id like 'E%' order by 1"
        ).fetchall()
    assert rows == [(key, *edge[2:]) for key, edge in EDGES.items()]


@pytest.mark.fault(17, "the host's clock a year ahead or behind, then right")
@pytest.mark.parametrize("days", ["365", pytest.param("-365", marks=pytest.mark.long)])
def test_host_whose_clock_is_wrong(
    undisturbed: Undisturbed, edge_source: SampleSource, straight: dict[str, Any], days: str
) -> None:
    """It fetches nothing, which would else stand in the future, or before what it follows."""
    installation = delivered(undisturbed, edge_source, ())
    run = installation.start(ROUND, CLOCK_AHEAD_DAYS=days)
    assert run.wait() == 1
    side = "ahead of" if int(days) > 0 else "behind"
    assert f"this machine's clock is 365 days, 0:00:00 {side} the database's" in run.last_line
    installation.finish(ROUND)
    assert numbers(installation) == straight


@pytest.mark.fault(15, "32 daily windows in random order, each delivered twice")
def test_daily_windows_shuffled_and_twice(
    undisturbed: Undisturbed, edge_source: SampleSource, straight: dict[str, Any]
) -> None:
    days = [FIRST + timedelta(days=number) for number in range((AFTER_LAST - FIRST).days)] * 2
    random.Random(24).shuffle(days)
    lands = [("land", str(day), str(day + timedelta(days=1))) for day in days]
    assert numbers(delivered(undisturbed, edge_source, [*lands, *ROUND[1:]])) == straight


@pytest.mark.fault(15, "three versions of each record, delivered in another order")
@pytest.mark.parametrize("order", [(3, 1, 2), pytest.param((2, 3, 1), marks=pytest.mark.long)])
def test_versions_permuted(
    undisturbed: Undisturbed, straight: dict[str, Any], order: tuple[int, ...]
) -> None:
    feeds = {"units": UNITS, "procedures": [PROCEDURE]}
    with SampleSource.from_records(feeds) as source:
        installation = replace(undisturbed.installation, source_uri=source.connection_uri)
        installation.go_back(undisturbed.empty)
        for version in order:
            source.replace("dossiers", records(random.Random(17), version))
            installation.finish(ROUND[:1])
        installation.finish(ROUND[1:])
    assert numbers(installation) == straight
    with installation.connect() as connection:
        versions = connection.execute(
            "select count(*) from raw.dossiers group by dossier_id order by 1 desc limit 1"
        ).fetchone()
    assert versions == (VERSIONS,)
