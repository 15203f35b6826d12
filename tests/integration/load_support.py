"""Lands records as a source would deliver them, and looks at what loading made of them."""

from __future__ import annotations

import io
import json
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import psycopg
from upath import UPath

from service_index.landing.manifest import Kind, Manifest, Media
from service_index.landing.store import LandingStore
from service_index.landing.writer import LandingWriter
from service_index.loading import LoadReport, load_batch, retry_quarantined
from service_index.loading.contracts import CONTRACTS
from service_index.settings import ICT

Record = dict[str, Any]
Landed = tuple[str, Manifest]
MARCH = (datetime(2025, 3, 1, tzinfo=ICT), datetime(2025, 4, 1, tzinfo=ICT))


def unit(code: str = "U1", **changes: Any) -> Record:
    return {"MaDonVi": code, "HieuLucTu": "20200101", "LoaiDonVi": "xa", **changes}


def procedure(code: str = "1.000001", unit_code: str = "U1", **changes: Any) -> Record:
    return {"MaTTHC": code, "MaDonVi": unit_code, "MucDo": "4", "TrangThai": "1", **changes}


def dossier(key: str = "D1", version: str = "20250303090000", **changes: Any) -> Record:
    return {
        "MaHoSo": key,
        "MaTTHC": "1.000001",
        "KenhThucHien": "2",
        "MaDonVi": "U1",
        "ChuHoSo": "Người Mẫu",
        "TrangThaiHoSo": "4",
        "NgayTiepNhan": "20250303080000",
        "NgayCapNhat": version,
        **changes,
    }


def payment(key: str = "P1", version: str = "20250303090000", **changes: Any) -> Record:
    return {
        "MaGiaoDich": key,
        "MaHoSo": "D1",
        "TrangThai": "Chờ thanh toán",
        "NgayCapNhat": version,
        **changes,
    }


def petition(key: str = "K1", version: str = "20250303090000", **changes: Any) -> Record:
    return {
        "MaPAKN": key,
        "MaDonVi": "U1",
        "NgayTiepNhan": "20250303080000",
        "TrangThai": "2",
        "NgayCapNhat": version,
        **changes,
    }


def rating(key: str = "R1", version: str = "20250303090000", **changes: Any) -> Record:
    return {
        "MaDanhGia": key,
        "MaDonVi": "U1",
        "ThoiGianDanhGia": "20250303080000",
        "DanhGia": "HL",
        "NgayCapNhat": version,
        **changes,
    }


@dataclass(frozen=True)
class Delivery:
    """One landing to be: records of one feed, in pages of so many."""

    feed: str
    records: Sequence[Record | bytes]
    window: tuple[datetime, datetime] = MARCH
    page_size: int = 1000


class Landing:
    """A landing in a folder, whose clock the test sets: one landing every minute."""

    def __init__(self, folder: Path) -> None:
        self.store = LandingStore(str(folder))
        self._folder = folder
        self._clock = datetime(2025, 10, 1, tzinfo=UTC)

    def land(self, delivery: Delivery, at: datetime | None = None) -> Landed:
        """Land a delivery: a window for an incremental feed, else a snapshot."""
        is_snapshot = CONTRACTS[delivery.feed].is_snapshot
        window = None if is_snapshot else delivery.window
        bodies = [r if isinstance(r, bytes) else json.dumps(r).encode() for r in delivery.records]
        with self._begin(delivery.feed, "snapshot" if is_snapshot else "window", window, at) as to:
            for start in range(0, len(bodies), delivery.page_size):
                page = bodies[start : start + delivery.page_size]
                envelope = b'{"total": %d, "data": [%b], "next_cursor": null}'
                to.add_page(envelope % (len(bodies), b",".join(page)), len(page))
            return to.path, to.commit(source_total=len(bodies), distinct_keys=len(bodies))

    def land_file(self, feed: str, media: Media, content: bytes, records: int) -> Landed:
        """Land a dropped file."""
        with self._begin(feed, "file", None, None) as to:
            to.add_file(io.BytesIO(content), media, records)
            return to.path, to.commit(source_total=None, distinct_keys=records)

    def _begin(
        self,
        feed: str,
        kind: Kind,
        window: tuple[datetime, datetime] | None,
        at: datetime | None,
    ) -> LandingWriter:
        self._clock += timedelta(minutes=1)
        landed_at = at or self._clock
        path = f"{feed}/{landed_at:%Y%m%dT%H%M%S%fZ}-{secrets.token_hex(4)}"
        return LandingWriter(UPath(self._folder), path, landed_at, feed, kind, "test", window)


class Loading:
    """Loads into one warehouse and holds every batch against invariant I1."""

    def __init__(self, connection: psycopg.Connection, landing: Landing) -> None:
        self.connection = connection
        self.landing = landing

    def deliver(self, feed: str, *records: Record | bytes, **landing: Any) -> LoadReport:
        """Land and load one delivery."""
        at = landing.pop("at", None)
        return self.load(self.landing.land(Delivery(feed, records, **landing), at))

    def load(self, landed: Landed) -> LoadReport:
        report = load_batch(self.connection, self.landing.store, *landed)
        self.assert_accounted()
        return report

    def retry(self) -> list[LoadReport]:
        reports = retry_quarantined(self.connection)
        self.assert_accounted()
        return reports

    def rows(self, query: str, *parameters: Any) -> list[tuple[Any, ...]]:
        rows = self.connection.execute(query, parameters).fetchall()
        self.connection.commit()
        return rows

    def value(self, query: str, *parameters: Any) -> Any:
        ((value,),) = self.rows(query, *parameters)
        return value

    def latest(self, feed: str) -> dict[tuple[Any, ...], dict[str, Any]]:
        """Key → content of the latest version of everything, without where it came from."""
        contract = CONTRACTS[feed]
        lineage = {"batch_id", "landed_at", "landed_file", "landed_line", "content_hash"}
        names = [name for name in contract.raw_columns if name not in lineage]
        if contract.is_snapshot:
            names.remove("version_at")
        keys = ", ".join(contract.key)
        rows = self.rows(
            f"select distinct on ({keys}) {', '.join(names)} from raw.{feed} order by {keys}, "
            "version_at desc, landed_at desc, landed_file desc, landed_line desc"
        )
        named = (dict(zip(names, row, strict=True)) for row in rows)
        return {tuple(row[key] for key in contract.key): row for row in named}

    def assert_accounted(self) -> None:
        """I1, held against the tables: every delivered record is somewhere, exactly once."""
        rows = self.rows(
            "select batch_id, feed, kind, delivered, loaded, duplicates, quarantined from ops.batch"
        )
        for batch_id, feed, kind, delivered, loaded, duplicates, quarantined in rows:
            assert delivered == loaded + duplicates + quarantined
            in_raw = self.value(
                f"select count(*) from raw.{feed} where batch_id = %s and landed_line > 0", batch_id
            )
            resolved = self.value(
                "select count(*) from quarantine.record where resolved_by_batch_id = %s", batch_id
            )
            set_aside = self.value(
                "select count(*) from quarantine.record where batch_id = %s", batch_id
            )
            assert (loaded, quarantined) == (in_raw, set_aside)
            # Of a rebuilt warehouse, a mend may find its record good from the start.
            most = delivered if kind in {"retry", "mend"} else 0
            assert (0 if kind == "mend" else most) <= resolved <= most
