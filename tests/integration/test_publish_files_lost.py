"""Files of a release that a crash, an operator or another order of events could have spoilt."""

from __future__ import annotations

import shutil
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import psycopg
import pytest
from publish_marts import AFTER_MARCH, IN_MARCH, MARCH, fill_march, finish_transform, publish
from release_files import contents, read_csv

from service_index.orchestration import release_files
from service_index.publishing import suspension
from service_index.publishing.current import current_edition
from service_index.publishing.documents.office import TEMPLATES
from service_index.publishing.folder import FilesRefusedError, ensure_files
from service_index.publishing.monthly import publish_month
from service_index.settings import Settings


@pytest.fixture
def march(warehouse: psycopg.Connection) -> psycopg.Connection:
    fill_march(warehouse, communes=3)
    return warehouse


@pytest.fixture
def other_templates(tmp_path: Path) -> Path:
    """An office's letter in other words, so that it gives other bytes."""
    folder = tmp_path / "templates"
    folder.mkdir()
    wording = (TEMPLATES / "letter.txt").read_text(encoding="utf-8")
    (folder / "letter.txt").write_text(wording.replace("Văn phòng", "Phòng"), encoding="utf-8")
    return folder


def test_a_folder_that_was_killed_before_its_name_is_kept(
    march: psycopg.Connection, tmp_path: Path, other_templates: Path
) -> None:
    folder = ensure_files(march, publish(march).release_id, tmp_path / "a")
    before = contents(folder)
    folder.rename(folder.with_name(".r1.partial"))
    assert ensure_files(march, "2025-03.r1", tmp_path / "a", other_templates) == folder
    assert contents(folder) == before


@pytest.mark.parametrize("torn", ["SHA256SUMS", "datapackage.json"])
def test_a_torn_one_is_not(march: psycopg.Connection, tmp_path: Path, torn: str) -> None:
    folder = ensure_files(march, publish(march).release_id, tmp_path / "a")
    before = contents(folder)
    partial = folder.rename(folder.with_name(".r1.partial"))
    (partial / torn).unlink()
    ensure_files(march, "2025-03.r1", tmp_path / "a")
    assert contents(folder) == before


def test_a_folder_of_other_files_is_not_taken_for_the_release(
    march: psycopg.Connection, tmp_path: Path
) -> None:
    page = tmp_path / "2025-03" / "r1" / "site" / "index.html"
    page.parent.mkdir(parents=True)
    page.write_text("other numbers", encoding="utf-8")
    release_id = publish(march).release_id
    with pytest.raises(FilesRefusedError, match="move it away, then publish again"):
        ensure_files(march, release_id, tmp_path)
    shutil.move(tmp_path / "2025-03" / "r1", tmp_path / "aside")
    folder = ensure_files(march, release_id, tmp_path)
    # Half of it, as a copy that was broken off leaves it.
    (folder / "NOTICE.txt").unlink(missing_ok=True)
    (folder / "data" / "monthly_score.csv").unlink()
    with pytest.raises(FilesRefusedError, match="does not hold the files"):
        ensure_files(march, release_id, tmp_path)


def test_an_older_edition_that_is_lost_does_not_hold_up_the_final_one(
    march: psycopg.Connection, tmp_path: Path, other_templates: Path
) -> None:
    finish_transform(march, IN_MARCH)
    folder = ensure_files(march, publish(march).release_id, tmp_path)
    shutil.rmtree(folder)
    finish_transform(march, AFTER_MARCH)
    assert publish(march).status == "final"
    final = ensure_files(march, "2025-03.r1", tmp_path, other_templates)
    assert final.name == "r1-final"
    assert final.is_dir()
    assert not folder.exists()


def test_statuses_are_told_though_files_cannot_be_made(
    march: psycopg.Connection, tmp_path: Path, other_templates: Path
) -> None:
    settings = Settings(tmp_path, str(tmp_path / "landing"), document_templates=other_templates)
    (other_templates / "letter.txt").write_text("{% broken", encoding="utf-8")
    result = publish(march)
    with pytest.raises(Exception, match=r"letter\.txt"):
        release_files.lay_out(march, result, settings)
    (listed,) = read_csv(settings.releases / "2025-03" / "releases.csv")
    assert (listed["release_id"], listed["status"]) == ("2025-03.r1", "final")
    assert (settings.releases / "index.html").exists()


def test_a_suspension_is_told_everywhere_and_keeps_the_way_to_the_files(
    march: psycopg.Connection, tmp_path: Path
) -> None:
    settings = Settings(tmp_path, str(tmp_path / "landing"))
    finish_transform(march, IN_MARCH)
    publish(march)
    finish_transform(march, AFTER_MARCH)
    folder = release_files.lay_out(march, publish(march), settings)
    suspension.suspend(march, "2025-03.r1", "a wrong cut-off")
    release_files.tell_status(march, "2025-03.r1", settings)
    (listed,) = read_csv(settings.releases / "2025-03" / "releases.csv")
    assert listed["status"] == "suspended"
    assert '"suspended"' in (settings.releases / "releases.js").read_text(encoding="utf-8")
    edition = current_edition(march, "monthly", "2025-03")
    assert edition is not None
    assert edition.folder(settings.releases) == folder
    assert folder.is_dir()


def move_marts(connection: psycopg.Connection, month: date, points: int) -> None:
    """Let the marts be those of `month`, with a number of its own."""
    for (table,) in connection.execute(
        "select table_name from information_schema.columns "
        "where table_schema = 'marts' and column_name = 'period_month'"
    ).fetchall():
        connection.execute(f"update marts.{table} set period_month = %s", [month])
    connection.execute("update marts.mart_monthly_score set raw_points = %s", [points])
    connection.commit()


def test_what_stood_beside_a_release_stays_whatever_the_clocks_say(
    march: psycopg.Connection, tmp_path: Path
) -> None:
    """February is revised after March was published, by a machine whose clock is behind."""
    february, now = date(2025, 2, 1), datetime.now(UTC)
    as_usual = {"code_revision": "c", "is_sample": True}
    move_marts(march, february, 40)
    publish_month(march, february, created_at=now - timedelta(hours=3), **as_usual)
    move_marts(march, MARCH, 42)
    publish_month(march, MARCH, created_at=now, **as_usual)
    folder = ensure_files(march, "2025-03.r1", tmp_path / "a")

    move_marts(march, february, 41)
    revised = publish_month(march, february, created_at=now - timedelta(hours=1), **as_usual)
    assert (revised.release_id, revised.is_new) == ("2025-02.r2", True)
    beside = march.execute(
        "select earlier_release_id from published.earlier_month where release_id = '2025-03.r1'"
    ).fetchall()
    march.commit()
    assert beside == [("2025-02.r1",)]
    again = ensure_files(march, "2025-03.r1", tmp_path / "b")
    assert contents(again) == contents(folder)
