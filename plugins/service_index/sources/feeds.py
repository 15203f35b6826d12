"""The feeds of the source contract, version 1."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Literal


@dataclass(frozen=True)
class Feed:
    """One feed.

    kind      incremental: asked for by a window on the version field, ordered by it;
              snapshot: always given whole
    key       the fields that identify a record
    version   the field that orders a record's versions; None for a snapshot, whose version is
              the time it was fetched
    path      under the source's base address
    """

    name: str
    kind: Literal["incremental", "snapshot"]
    key: tuple[str, ...]
    version: str | None
    path: str


def _incremental(name: str, key: str) -> Feed:
    return Feed(name, "incremental", (key,), "NgayCapNhat", f"v1/{name}")


def _snapshot(name: str, *key: str) -> Feed:
    return Feed(name, "snapshot", key, None, f"v1/{name}")


FEEDS: Mapping[str, Feed] = MappingProxyType(
    {
        feed.name: feed
        for feed in (
            _incremental("dossiers", "MaHoSo"),
            _incremental("payments", "MaGiaoDich"),
            _incremental("petitions", "MaPAKN"),
            _incremental("ratings", "MaDanhGia"),
            _snapshot("procedures", "MaTTHC", "MaDonVi"),
            _snapshot("units", "MaDonVi", "HieuLucTu"),
        )
    }
)
