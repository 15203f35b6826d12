"""What a run has come to, as far as two runs on the same records must agree, and its witnesses."""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from itertools import dropwhile
from pathlib import Path
from typing import Any

import psycopg

from service_index.publishing.verification import verify
from tests.pipeline import MARTS
from tests.reliability.installation import Installation

# Where a record lies tells which delivery brought it; a run that was killed fetches again.
_LINEAGE = ["landed_file", "landed_line"]
_KEYS = {
    "units": "unit_code, valid_from",
    "procedures": "procedure_code, unit_code",
    "dossiers": "dossier_id",
    "payments": "payment_id",
    "petitions": "petition_id",
    "ratings": "rating_id",
}
_JUDGED = ("int_delivery_volume", "int_unit_silence")
# Line 0 is no record: there a snapshot as a whole tells of a key that is gone.
_UNACCOUNTED = f"""
    select batch_id, loaded, row_count, quarantined, refused_count
    from ops.batch
    left join lateral (
        select count(*) as row_count
        from ({
    " union all ".join(
        f"select '{feed}' as feed, batch_id, landed_line from raw.{feed}" for feed in _KEYS
    )
}) as r
        where (r.feed, r.batch_id) = (batch.feed, batch.batch_id) and r.landed_line > 0
    ) as raw_rows on true
    left join lateral (
        select count(*) as refused_count
        from quarantine.record as q
        where q.batch_id = batch.batch_id
    ) as refused on true
    where (loaded, quarantined) <> (row_count, refused_count)
"""


def end_state(installation: Installation) -> dict[str, Any]:
    """Hashes over marts and releases, counts of raw versions, what is unfinished or wrong."""
    with installation.connect() as connection:

        def rows(query: str, *parameters: object) -> list[tuple[Any, ...]]:
            return connection.execute(query, parameters).fetchall()

        state: dict[str, Any] = {
            "marts": {mart: _sha256(connection, f"marts.{mart}") for mart in MARTS},
            "what the gates judge": {
                model: _sha256(connection, f"intermediate.{model}") for model in _JUDGED
            },
            "releases": rows(
                "select release_id, status, reason, is_current, content_sha256 "
                "from published.release order by release_id"
            ),
            "changes": rows(
                "select release_id, relation, key, column_name, old_value, new_value, cause "
                "from published.change order by 1, 2, 3, 4"
            ),
            "raw": {
                feed: rows(f"select count(*), count(distinct ({key})) from raw.{feed}")
                for feed, key in _KEYS.items()
            },
            "quarantine": rows("select count(*) from quarantine.record"),
            "watermarks": rows("select feed, loaded_until from ops.watermark order by feed"),
            "batches whose records are not there (I1)": rows(_UNACCOUNTED),
            "batches that are not done": rows(
                "select batch_id from ops.batch where status <> 'passed' or transformed_at is null"
            ),
            "transforms that are not done": rows(
                "select transform_run_id from ops.transform_run where status = 'running'"
            ),
        }
    releases = installation.home / "releases"
    state["files"] = sorted(
        str(path.relative_to(releases)) for path in releases.rglob("*") if path.is_file()
    )
    state["files that are not as published (I5)"] = problems_of_files(installation)
    return state


def problems_of_files(installation: Installation) -> list[str]:
    """What `verify` says of every folder of a release."""
    with installation.connect() as connection:
        return [
            problem
            for folder in sorted((installation.home / "releases").glob("*/r*/"))
            for problem in verify(connection, folder)
        ]


def folder_sha256(folder: Path) -> str:
    """One hash over the names and bytes of all files in a folder."""
    digest = hashlib.sha256()
    for path in sorted(path for path in folder.rglob("*") if path.is_file()):
        digest.update(f"{path.relative_to(folder)} {path.stat().st_size}\n".encode())
        digest.update(path.read_bytes())
    return digest.hexdigest()


def assert_watermark_holds(installation: Installation, dossiers: Mapping[str, str]) -> None:
    """I4: every dossier (its key → its version, in the source's notation) that is older than the
    watermark is loaded.
    """
    with installation.connect() as connection:
        missing = connection.execute(
            """
            select dossier_id from unnest(%s::text[], %s::text[]) as source (dossier_id, version)
            where
                to_timestamp(version || '+07', 'YYYYMMDDHH24MISSTZH')
                < (select loaded_until from ops.watermark where feed = 'dossiers')
                and not exists (
                    select from raw.dossiers as r where r.dossier_id = source.dossier_id
                )
            """,
            [list(dossiers), list(dossiers.values())],
        ).fetchall()
    assert missing == [], "the watermark has passed data that are not loaded"


_CURRENT = """
    select release_id, count(*), md5(string_agg(line, ',' order by line))
    from (
        select release_id, s::text as line from published.{0}monthly_score as s
        union all
        select release_id, c::text from published.{0}criterion_score as c
        union all
        select release_id, t::text from published.{0}target_compliance as t
    ) as lines
    group by release_id
"""


class Reader:
    """Reads `published` over and over, and keeps what it saw."""

    def __init__(self, dsn: str) -> None:
        self._dsn = dsn
        self._finished = threading.Event()
        self._thread = threading.Thread(target=self._read, name="reader")
        # One after another, without repeats.
        self._seen: list[list[tuple[Any, ...]]] = []
        self._failure: psycopg.Error | None = None
        self.readings = 0

    def _read(self) -> None:
        try:
            with psycopg.connect(self._dsn, autocommit=True) as connection:
                while not self._finished.wait(0.02):
                    reading = connection.execute(_CURRENT.format("current_")).fetchall()
                    if self._seen[-1:] != [reading]:
                        self._seen.append(reading)
                    self.readings += 1
        except psycopg.Error as error:
            self._failure = error

    def assert_saw_whole_releases(self) -> set[str]:
        """I3: from the first release on, at every reading exactly one of the month, complete.

        Gives the releases that were seen.
        """
        self._finished.set()
        self._thread.join()
        assert self._failure is None, self._failure
        with psycopg.connect(self._dsn) as connection:
            whole = set(connection.execute(_CURRENT.format("")))
        published = list(dropwhile(lambda reading: not reading, self._seen))
        assert all(len(reading) == 1 for reading in published)
        seen = {release for reading in published for release in reading}
        assert seen <= whole
        return {release_id for release_id, _, _ in seen}

    def __enter__(self) -> Reader:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._finished.set()
        self._thread.join()


@contextmanager
def unchanged(folder: Path) -> Iterator[None]:
    """I5: not one byte of what lies in the folder changes in this block."""
    before = folder_sha256(folder)
    yield
    assert folder_sha256(folder) == before


def _sha256(connection: psycopg.Connection, relation: str) -> str:
    row = connection.execute(
        "select encode(sha256(convert_to(coalesce(string_agg(line, chr(10) "
        "order by line collate \"C\"), ''), 'UTF8')), 'hex') "
        f"from (select (to_jsonb(t) - %s::text[])::text as line from {relation} as t) as lines",
        [_LINEAGE],
    ).fetchone()
    assert row is not None
    return str(row[0])
