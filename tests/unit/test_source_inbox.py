"""Inbox files: taken once by content, whole or not at all."""

from __future__ import annotations

import gzip
from pathlib import Path

import msgspec
import openpyxl
import pytest
import zstandard

from service_index.landing.limits import FileLimits
from service_index.landing.store import LandingStore
from service_index.sources.inbox import InboxFile, take_files

LINES = b'{"MaHoSo":"A","NgayCapNhat":"20250301080000"}\n{"MaHoSo":"B"}\n{"MaHoSo":"A"}\n{"torn'


def without_bytes(value: object) -> str:
    """Part of a test's name."""
    return value if isinstance(value, str) else ""


@pytest.fixture
def inbox(tmp_path: Path) -> Path:
    folder = tmp_path / "inbox"
    folder.mkdir()
    return folder


@pytest.fixture
def store(tmp_path: Path) -> LandingStore:
    return LandingStore(
        str(tmp_path / "landing"),
        FileLimits(max_file_bytes=1_000_000, max_record_bytes=100_000),
    )


def take_one(inbox: Path, store: LandingStore) -> InboxFile:
    [outcome] = take_files(inbox, store)
    return outcome


def bodies(store: LandingStore) -> list[bytes]:
    return [r.body for path, m in store.manifests() for r in store.records(path, m)]


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("dossiers.jsonl", LINES),
        ("dossiers-2025-03.jsonl.gz", gzip.compress(LINES)),
        ("Dossiers_thang3.JSONL.zst", zstandard.compress(LINES)),
        # several frames, as `zstd -c a b` writes
        ("dossiers.jsonl.zst", zstandard.compress(LINES[:50]) + zstandard.compress(LINES[50:])),
    ],
    ids=without_bytes,
)
def test_json_lines_are_landed_whole(
    inbox: Path, store: LandingStore, name: str, content: bytes
) -> None:
    (inbox / name).write_bytes(content)
    outcome = take_one(inbox, store)

    assert outcome.outcome == "taken"
    [(path, manifest)] = store.manifests()
    assert outcome.manifest == manifest
    assert (manifest.feed, manifest.kind, manifest.source) == ("dossiers", "file", name)
    assert (manifest.window_from, manifest.source_total) == (None, None)
    # A twice, B, and the torn line as a key of its own
    assert (manifest.distinct_keys, manifest.delivered) == (3, 4)
    assert [page.media for page in manifest.pages] == ["jsonl"]
    assert manifest.pages[0].bytes == len(LINES)
    assert bodies(store) == LINES.split(b"\n")
    assert [r.line for r in store.records(path, manifest)] == [1, 2, 3, 4]
    assert (inbox / name).exists()


def test_tables_are_landed_as_they_are(inbox: Path, store: LandingStore) -> None:
    (inbox / "units.csv").write_text("MaDonVi,HieuLucTu\nH31,20250701\n")
    workbook = openpyxl.Workbook()
    for row in (["MaTTHC", "MaDonVi"], ["1.001193", "H31"], ["1.001193", "H32"]):
        workbook.worksheets[0].append(row)
    workbook.save(inbox / "procedures.xlsx")

    assert [o.outcome for o in take_files(inbox, store)] == ["taken", "taken"]
    assert [msgspec.json.decode(body) for body in bodies(store)] == [
        {"MaTTHC": "1.001193", "MaDonVi": "H31"},
        {"MaTTHC": "1.001193", "MaDonVi": "H32"},
        {"MaDonVi": "H31", "HieuLucTu": "20250701"},
    ]
    [procedures] = [manifest for _, manifest in store.manifests("procedures")]
    assert (procedures.distinct_keys, procedures.pages[0].media) == (2, "xlsx")


def test_content_is_taken_once_whatever_its_name(
    inbox: Path, store: LandingStore, tmp_path: Path
) -> None:
    (inbox / "dossiers.jsonl").write_bytes(LINES)
    (inbox / "dossiers-again.jsonl.gz").write_bytes(gzip.compress(LINES))
    assert [o.outcome for o in take_files(inbox, store)] == ["taken", "known"]
    assert [o.outcome for o in take_files(inbox, LandingStore(str(tmp_path / "landing")))] == [
        "known",
        "known",
    ]

    (inbox / "dossiers.jsonl").write_bytes(LINES + b"}")
    (inbox / "payments.jsonl").write_bytes(LINES)  # another feed's file is another file
    assert [o.outcome for o in take_files(inbox, store)] == ["known", "taken", "taken"]


@pytest.mark.parametrize(
    ("name", "content", "reason"),
    [
        ("hoso.jsonl", LINES, "starts with no feed's name"),
        ("dossiers.xls", b"", "ends in none of"),
        ("dossiers.jsonl.gz", LINES, "compression is broken"),
        ("dossiers.jsonl.gz", gzip.compress(LINES)[:-9], "cut off"),
        ("dossiers.jsonl.gz", gzip.compress(LINES)[:12] + b"\xff" * 30, "compression is broken"),
        ("dossiers.jsonl.zst", zstandard.compress(LINES)[:-3], "cut off"),
        ("dossiers.jsonl.zst", b"", "cut off"),
        ("dossiers.jsonl.zst", LINES, "compression is broken"),
        ("dossiers.jsonl.gz", gzip.compress(bytes(50_000_000)), "more than 1000000 bytes"),
        ("dossiers.jsonl.zst", zstandard.compress(bytes(500_000_000)), "more than 1000000 bytes"),
        ("dossiers.jsonl", b"{}\n" + b"x" * 200_000, "record 2 is larger than 100000 bytes"),
        ("units.csv", b"MaDonVi;HieuLucTu\nH31;20250701\n", "lacks MaDonVi, HieuLucTu"),
        ("units.csv", b"", "lacks MaDonVi, HieuLucTu"),
        ("units.xlsx", b"no workbook", "not a readable workbook"),
    ],
    ids=without_bytes,
)
def test_unfit_file_is_refused_with_its_reason_and_stops_no_other(
    inbox: Path, store: LandingStore, tmp_path: Path, name: str, content: bytes, reason: str
) -> None:
    (inbox / name).write_bytes(content)
    (inbox / "ratings.jsonl").write_bytes(b'{"MaDanhGia":"R"}')
    outcomes = {outcome.name: outcome for outcome in take_files(inbox, store)}

    assert outcomes[name].outcome == "refused"
    assert reason in str(outcomes[name].reason)
    assert outcomes["ratings.jsonl"].outcome == "taken"
    assert [manifest.feed for _, manifest in store.manifests()] == ["ratings"]
    assert len([path for path in (tmp_path / "landing").rglob("*") if path.is_file()]) == 2


def test_hidden_files_folders_and_a_missing_inbox_are_passed_over(
    inbox: Path, store: LandingStore
) -> None:
    (inbox / ".dossiers.jsonl.part").write_bytes(LINES)
    (inbox / "dossiers.jsonl").mkdir()

    assert take_files(inbox, store) == []
    assert take_files(inbox / "none", store) == []
