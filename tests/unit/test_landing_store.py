"""The landing format, on a local folder and on an object store."""

from __future__ import annotations

import hashlib
import io
import secrets
from datetime import UTC, datetime, timedelta
from pathlib import Path

import msgspec
import pytest
import zstandard
from upath import UPath

from service_index.landing.errors import LandingCorruptError
from service_index.landing.manifest import Manifest
from service_index.landing.store import LandingStore
from service_index.landing.writer import LandingWriter

WINDOW = (datetime(2025, 3, 1, tzinfo=UTC), datetime(2025, 3, 2, tzinfo=UTC))
BODY = '{"total": 2, "data": [{"MaHoSo": "A", "Tên": "Đỗ"}, {"MaHoSo":"B"} ], "next_cursor": null}'
RECORDS = ['{"MaHoSo": "A", "Tên": "Đỗ"}'.encode(), b'{"MaHoSo":"B"}']


def without_bytes(value: object) -> str:
    """Part of a test's name."""
    return value if isinstance(value, str) else ""


@pytest.fixture(params=["folder", "file url", "object store"])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    return {
        "folder": str(tmp_path / "landing"),
        "file url": (tmp_path / "landing").as_uri(),
        "object store": f"memory://landing-{secrets.token_hex(4)}",
    }[request.param]


def begin(store: LandingStore) -> LandingWriter:
    return store.begin("dossiers", "window", "source.example/api", WINDOW)


def land(store: LandingStore, *bodies: str) -> tuple[str, Manifest]:
    with begin(store) as writer:
        for body in bodies:
            writer.add_page(body.encode(), 2)
        return writer.path, writer.commit(source_total=2, distinct_keys=2)


def test_what_is_landed_is_read_back(url: str) -> None:
    path, manifest = land(LandingStore(url), BODY, BODY)

    [(found_path, found)] = LandingStore(url).manifests()
    records = list(LandingStore(url).records(found_path, found))
    assert (found_path, found) == (path, manifest)
    assert [record.body for record in records] == RECORDS * 2
    assert [(record.file, record.line) for record in records] == [
        (f"{path}/page-0000{page}.json.zst", line) for page in (1, 2) for line in (1, 2)
    ]


def test_format_is_the_documented_one(url: str) -> None:
    path, manifest = land(LandingStore(url), BODY)

    feed, _, name = path.partition("/")
    assert feed == "dossiers"
    assert name.startswith(manifest.landed_at.strftime("%Y%m%dT%H%M%S%fZ-"))
    assert len(name.rpartition("-")[2]) == 8
    folder = UPath(url) / path
    assert sorted(file.name for file in folder.iterdir()) == [
        "manifest.json",
        "page-00001.json.zst",
    ]
    packed = (folder / "page-00001.json.zst").read_bytes()
    assert zstandard.ZstdDecompressor().decompress(packed) == BODY.encode()
    written = (folder / "manifest.json").read_bytes()
    assert hashlib.sha256(written).hexdigest() == manifest.sha256
    assert msgspec.json.decode(written) == {
        "format": 1,
        "feed": "dossiers",
        "kind": "window",
        "source": "source.example/api",
        "window_from": "2025-03-01T00:00:00Z",
        "window_to": "2025-03-02T00:00:00Z",
        "landed_at": manifest.landed_at.isoformat().replace("+00:00", "Z"),
        "source_total": 2,
        "distinct_keys": 2,
        "delivered": 2,
        "attempts": 1,
        "is_sample": False,
        "pages": [
            {
                "file": "page-00001.json.zst",
                "media": "page",
                "records": 2,
                "bytes": len(BODY.encode()),
                "sha256": hashlib.sha256(BODY.encode()).hexdigest(),
            }
        ],
    }


def test_manifests_come_in_the_order_of_landing_across_feeds(url: str) -> None:
    store = LandingStore(url)
    paths = []
    for feed in ("units", "dossiers", "payments", "dossiers"):
        with store.begin(feed, "snapshot", "source") as writer:
            paths.append(writer.path)
            writer.commit(source_total=0, distinct_keys=0)

    assert [path for path, _ in store.manifests()] == paths
    assert [path for path, _ in store.manifests("dossiers")] == [paths[1], paths[3]]
    assert list(LandingStore(url).manifests("ratings")) == []


def test_without_its_manifest_a_landing_does_not_exist(url: str) -> None:
    store = LandingStore(url)
    writer = begin(store)
    writer.add_page(BODY.encode(), 2)
    assert list(store.manifests()) == []

    writer.abort()
    assert not (UPath(url) / writer.path).exists()


def test_failure_in_the_block_leaves_nothing(url: str) -> None:
    store = LandingStore(url)
    with pytest.raises(ZeroDivisionError), begin(store) as writer:
        writer.add_page(BODY.encode(), 2)
        _ = 1 / 0

    assert not (UPath(url) / writer.path).exists()


def test_store_that_was_never_written_to_is_empty(url: str) -> None:
    assert list(LandingStore(url).manifests()) == []


def test_abandoned_landings_are_removed_when_they_are_old_enough(url: str) -> None:
    store = LandingStore(url)
    complete, _ = land(store, BODY)
    abandoned = begin(store)
    abandoned.add_page(BODY.encode(), 2)

    assert store.remove_abandoned() == 0
    assert store.remove_abandoned(older_than=timedelta(0)) == 1
    assert not (UPath(url) / abandoned.path).exists()
    assert [path for path, _ in store.manifests()] == [complete]


def test_window_goes_with_its_kind(tmp_path: Path) -> None:
    store = LandingStore(str(tmp_path))
    with pytest.raises(ValueError, match="window"):
        store.begin("dossiers", "window", "source")
    with pytest.raises(ValueError, match="window"):
        store.begin("units", "snapshot", "source", WINDOW)


OTHER_BODY = BODY.replace("A", "C")


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (None, "missing"),
        (zstandard.compress(OTHER_BODY.encode()), "SHA-256"),
        (zstandard.compress(BODY.encode() + b" "), "not the size"),
        (zstandard.compress(bytes(10**8)), "not the size"),
        (zstandard.compress(BODY.encode())[:-5], "cannot be decompressed"),
        (b"", "cannot be decompressed"),
    ],
    ids=without_bytes,
)
def test_altered_page_gives_no_record(url: str, content: bytes | None, reason: str) -> None:
    store = LandingStore(url)
    path, manifest = land(store, BODY)
    page = UPath(url) / path / manifest.pages[0].file
    page.unlink() if content is None else page.write_bytes(content)

    with pytest.raises(LandingCorruptError, match=reason) as failure:
        next(store.records(path, manifest))
    assert f"{path}/page-00001.json.zst" in str(failure.value)


@pytest.mark.parametrize(
    "content", [b"", b"{}", b'{"MaHoSo":"A"}\n{"MaHoSo":"C"}', bytes(10**7)], ids=without_bytes
)
def test_altered_file_gives_no_record(url: str, content: bytes) -> None:
    store = LandingStore(url)
    with store.begin("dossiers", "file", "dossiers.jsonl") as writer:
        writer.add_file(io.BytesIO(b'{"MaHoSo":"A"}\n{"MaHoSo":"B"}'), "jsonl", 2)
        manifest = writer.commit(source_total=None, distinct_keys=2)
    (UPath(url) / writer.path / manifest.pages[0].file).write_bytes(zstandard.compress(content))

    with pytest.raises(LandingCorruptError):
        next(store.records(writer.path, manifest))


@pytest.mark.parametrize(
    "change",
    [
        {"format": 2},
        {"kind": "other"},
        {"landed_at": "yesterday"},
        {"pages": [{"file": "../../etc/passwd", "media": "page", "records": 1, "bytes": 1}]},
    ],
)
def test_manifest_that_is_not_one_is_named(tmp_path: Path, change: dict[str, object]) -> None:
    store = LandingStore(str(tmp_path))
    path, _ = land(store, BODY)
    file = tmp_path / path / "manifest.json"
    file.write_bytes(msgspec.json.encode(msgspec.json.decode(file.read_bytes()) | change))

    with pytest.raises(LandingCorruptError, match=path):
        list(store.manifests())
