"""How a release's folder comes to be there: whole, once, and the same whenever it is made again."""

from __future__ import annotations

import hashlib
import logging
import os
import shutil
import subprocess
import sys
from pathlib import Path

import psycopg
import pyarrow.parquet as pq
import pytest
from publish_marts import (
    AFTER_MARCH,
    IN_MARCH,
    fill_march,
    finish_transform,
    publish,
    resolve_late,
)
from release_files import contents, read_csv

from service_index.publishing.documents.office import TEMPLATES
from service_index.publishing.folder import FilesRefusedError, ensure_files
from service_index.warehouse.locks import PUBLISHING_LOCK as LOCK

# What somebody else's machine may have otherwise, as strictly as it comes.
ANOTHER_MACHINE = {
    "TZ": "America/New_York",
    "LC_ALL": "C",
    "PYTHONUTF8": "0",
    "PYTHONHASHSEED": "766",
    "PGTZ": "Asia/Kathmandu",
    "PGDATESTYLE": "SQL, DMY",
}
AGAIN = """
import sys
from pathlib import Path
import psycopg
from service_index.publishing.folder import ensure_files

with psycopg.connect(sys.argv[1]) as connection:
    ensure_files(connection, sys.argv[2], Path(sys.argv[3]))
"""


@pytest.fixture
def march(warehouse: psycopg.Connection) -> psycopg.Connection:
    fill_march(warehouse, communes=3)
    return warehouse


def test_files_lost_in_a_crash_are_made_again_to_the_byte(
    march: psycopg.Connection, tmp_path: Path
) -> None:
    finish_transform(march, IN_MARCH)
    folder = ensure_files(march, publish(march).release_id, tmp_path / "a")
    finish_transform(march, AFTER_MARCH)
    assert publish(march).status == "final"
    march.execute("set time zone 'America/New_York'")
    march.execute("set datestyle = 'SQL, DMY'")
    march.execute("set extra_float_digits = 0")
    march.commit()
    torn = tmp_path / "b" / "2025-03" / ".r1.partial"
    torn.mkdir(parents=True)
    (torn / "monthly_score.csv").write_bytes(b"half a li")
    ensure_files(march, "2025-03.r1", tmp_path / "b")
    again = tmp_path / "b" / "2025-03" / "r1"
    assert contents(again) == contents(folder)
    assert not torn.exists()
    (record,) = read_csv(again / "data" / "release.csv")
    assert record["status"] == "provisional"
    assert record["data_cutoff"] == "2025-03-20T17:00:00.000000Z"


def test_release_that_turns_final_gets_its_files_once_more(
    march: psycopg.Connection, tmp_path: Path
) -> None:
    finish_transform(march, IN_MARCH)
    first = ensure_files(march, publish(march).release_id, tmp_path)
    before = contents(first)
    finish_transform(march, AFTER_MARCH)
    folder = ensure_files(march, publish(march).release_id, tmp_path)
    assert folder == tmp_path / "2025-03" / "r1-final"
    assert contents(first) == before
    (record,) = read_csv(folder / "data" / "release.csv")
    assert (record["release_id"], record["status"]) == ("2025-03.r1", "final")
    metadata = pq.read_schema(folder / "data" / "unit.parquet").metadata
    assert metadata[b"status"] == b"final"
    for path in ("data/monthly_score.csv", "data/criterion_score.csv", "data/unit.csv"):
        assert contents(folder)[path] == before[path]


def test_folder_that_is_there_is_left_alone(march: psycopg.Connection, tmp_path: Path) -> None:
    release_id = publish(march).release_id
    folder = ensure_files(march, release_id, tmp_path)
    stamps = {path: path.stat().st_mtime_ns for path in folder.rglob("*")}
    assert ensure_files(march, release_id, tmp_path) == folder
    assert {path: path.stat().st_mtime_ns for path in folder.rglob("*")} == stamps


def test_another_writer_of_the_period_is_waited_for_and_let_in_again(
    march: psycopg.Connection, warehouse_dsn: str, tmp_path: Path
) -> None:
    release_id = publish(march).release_id
    march.execute("set lock_timeout = '100ms'")
    march.commit()
    with psycopg.connect(warehouse_dsn) as other:
        with other.transaction():
            other.execute("select pg_advisory_xact_lock(%s, hashtext('2025-03'))", [LOCK])
            with pytest.raises(psycopg.errors.LockNotAvailable):
                ensure_files(march, release_id, tmp_path)
        march.rollback()
        ensure_files(march, release_id, tmp_path)
        with other.transaction():
            other.execute("set local lock_timeout = '1s'")
            other.execute("select pg_advisory_xact_lock(%s, hashtext('2025-03'))", [LOCK])


def test_files_are_not_written_inside_the_callers_transaction(
    march: psycopg.Connection, tmp_path: Path
) -> None:
    release_id = publish(march).release_id
    march.execute("select 1")
    with pytest.raises(ValueError, match="without an open transaction"):
        ensure_files(march, release_id, tmp_path)


def test_index_tells_the_present_status_of_each_release(
    march: psycopg.Connection, tmp_path: Path
) -> None:
    finish_transform(march, IN_MARCH)
    ensure_files(march, publish(march).release_id, tmp_path)
    index = tmp_path / "2025-03" / "releases.csv"
    assert [row["status"] for row in read_csv(index)] == ["provisional"]
    finish_transform(march, AFTER_MARCH)
    ensure_files(march, publish(march).release_id, tmp_path)
    assert [row["status"] for row in read_csv(index)] == ["final"]
    resolve_late(march, "H31.003", 1)
    ensure_files(march, publish(march).release_id, tmp_path)
    assert [(r["release_id"], r["status"], r["is_current"]) for r in read_csv(index)] == [
        ("2025-03.r1", "final", "false"),
        ("2025-03.r2", "revised", "true"),
    ]


def test_release_that_was_never_published_has_no_files(
    march: psycopg.Connection, tmp_path: Path
) -> None:
    with pytest.raises(LookupError, match=r"no release 2025-03\.r1"):
        ensure_files(march, "2025-03.r1", tmp_path)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.fault(14, "a revision's files beside those of the first release")
def test_revision_has_its_changes_and_the_first_stays_as_it_was(
    march: psycopg.Connection, tmp_path: Path
) -> None:
    first = ensure_files(march, publish(march).release_id, tmp_path)
    before = contents(first)
    resolve_late(march, "H31.003", 12)
    result = publish(march)
    second = ensure_files(march, result.release_id, tmp_path)
    assert contents(first) == before
    changes = read_csv(second / "CHANGES.csv")
    assert len(changes) == result.changes
    assert {
        "data_notice": "DỮ LIỆU MẪU",
        "release_id": "2025-03.r2",
        "relation": "criterion_score",
        "key": "unit_code=H31.003, criterion_code=05",
        "column_name": "numerator",
        "old_value": "48",
        "new_value": "36",
        "cause": "late_data",
        "withheld": "",
    } in changes
    assert "H31.003" not in (second / "NOTICE.txt").read_text(encoding="utf-8")
    assert "Xã số 3: tiêu chí 05" in (second / "NOTICE.txt").read_text(encoding="utf-8")


def test_another_process_on_another_machine_makes_the_same_files(
    march: psycopg.Connection, warehouse_dsn: str, tmp_path: Path
) -> None:
    publish(march)
    resolve_late(march, "H31.003", 12)
    folder = ensure_files(march, publish(march).release_id, tmp_path / "here")
    away = tmp_path / "elsewhere"
    away.mkdir(mode=0o700)
    subprocess.run(
        [sys.executable, "-c", AGAIN, warehouse_dsn, "2025-03.r2", "releases"],
        cwd=away,
        env=os.environ | {"HOME": str(away)} | ANOTHER_MACHINE,
        check=True,
    )
    for name in ("r1", "r2"):
        again = away / "releases" / "2025-03" / name
        assert contents(again) == contents(folder.with_name(name))


def test_files_that_a_crash_left_out_are_written_with_the_next_release(
    march: psycopg.Connection, tmp_path: Path
) -> None:
    finish_transform(march, IN_MARCH)
    publish(march)
    finish_transform(march, AFTER_MARCH)
    publish(march)
    resolve_late(march, "H31.003", 12)
    folder = ensure_files(march, publish(march).release_id, tmp_path)
    assert folder == tmp_path / "2025-03" / "r2"
    assert sorted(path.name for path in folder.parent.iterdir()) == [
        "r1",
        "r1-final",
        "r2",
        "releases.csv",
    ]


def own_templates(folder: Path) -> Path:
    """An office's own wording of the letter."""
    folder.mkdir()
    text = (TEMPLATES / "letter.txt").read_text(encoding="utf-8")
    own = text.replace("5. Đề nghị", "5. Yêu cầu")
    assert own != text
    (folder / "letter.txt").write_text(own, encoding="utf-8")
    return folder


def test_files_that_would_not_be_those_that_were_published_are_refused(
    march: psycopg.Connection, tmp_path: Path
) -> None:
    release_id = publish(march).release_id
    folder = ensure_files(march, release_id, tmp_path)
    backup = folder.rename(tmp_path / "backup")
    with pytest.raises(FilesRefusedError) as refusal:
        ensure_files(march, release_id, tmp_path, own_templates(tmp_path / "own"))
    for part in ("2025-03.r1 (final)", "other templates", f"restore {folder} from a backup"):
        assert part in str(refusal.value)
    assert "\n" not in str(refusal.value)
    assert [path.name for path in folder.parent.iterdir()] == ["releases.csv"]
    # Nothing was learnt from the refused ones.
    ensure_files(march, release_id, tmp_path)
    assert contents(folder) == contents(backup)


def test_a_release_has_its_files_also_when_another_cannot_have_them(
    march: psycopg.Connection, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    shutil.rmtree(ensure_files(march, publish(march).release_id, tmp_path))
    resolve_late(march, "H31.003", 12)
    release_id = publish(march).release_id
    with caplog.at_level(logging.WARNING):
        folder = ensure_files(march, release_id, tmp_path, own_templates(tmp_path / "own"))
    (message,) = (record.message for record in caplog.records)
    assert message.startswith("2025-03.r1 is without its files: the files of 2025-03.r1 (final)")
    assert sorted(path.name for path in folder.parent.iterdir()) == ["r2", "releases.csv"]
    assert [row["release_id"] for row in read_csv(folder.parent / "releases.csv")] == [
        "2025-03.r1",
        "2025-03.r2",
    ]


def test_what_cannot_be_cleared_away_is_named(march: psycopg.Connection, tmp_path: Path) -> None:
    release_id = publish(march).release_id
    partial = tmp_path / "2025-03" / ".r1.partial"
    partial.parent.mkdir()
    partial.symlink_to(tmp_path)
    with pytest.raises(FilesRefusedError) as refusal:
        ensure_files(march, release_id, tmp_path)
    assert str(refusal.value).startswith(f"{partial} is left of a publication")
    assert str(refusal.value).endswith("remove it, then publish again")
    partial.unlink()
    ensure_files(march, release_id, tmp_path)


def test_what_was_published_is_recorded_once_for_each_stamp(
    march: psycopg.Connection, tmp_path: Path
) -> None:
    finish_transform(march, IN_MARCH)
    ensure_files(march, publish(march).release_id, tmp_path)
    finish_transform(march, AFTER_MARCH)
    ensure_files(march, publish(march).release_id, tmp_path)
    expected = [
        ("2025-03.r1", stamp, hashlib.sha256((path / "SHA256SUMS").read_bytes()).hexdigest())
        for stamp, path in (
            (1, tmp_path / "2025-03" / "r1"),
            (2, tmp_path / "2025-03" / "r1-final"),
        )
    ]
    query = (
        "select release_id, stamp, sha256sums_sha256 from published.release_files order by stamp"
    )
    assert march.execute(query).fetchall() == expected
