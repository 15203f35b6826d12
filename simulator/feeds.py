"""The feeds of the source contract: their keys and how they are asked for."""

from dataclasses import dataclass

VERSION_FIELD = "NgayCapNhat"


@dataclass(frozen=True)
class Feed:
    """One feed of the contract.

    `key` names the fields that identify a record. An incremental feed is asked for by a window
    on `NgayCapNhat` and ordered by it; a snapshot feed is always given whole, in key order.
    """

    name: str
    key: tuple[str, ...]
    is_incremental: bool


FEEDS: dict[str, Feed] = {
    feed.name: feed
    for feed in (
        Feed("dossiers", ("MaHoSo",), True),
        Feed("payments", ("MaGiaoDich",), True),
        Feed("petitions", ("MaPAKN",), True),
        Feed("ratings", ("MaDanhGia",), True),
        Feed("procedures", ("MaTTHC", "MaDonVi"), False),
        Feed("units", ("MaDonVi", "HieuLucTu"), False),
    )
}
