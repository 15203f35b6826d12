"""A release under one of its stamps: what each of its files says about itself.

A release is first stamped as it was published; when a provisional one turns final with the same
numbers, its files are written once more under the new stamp, beside the first ones. Everything
here comes from rows that never change, so the same edition gives the same files at any time.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import Any

import psycopg
from psycopg.rows import class_row

from service_index.publishing.quarantined import Quarantined

SAMPLE_NOTICE = "DỮ LIỆU MẪU"


@dataclass(frozen=True)
class Edition:
    """`stamped_at` and `data_cutoff` are those of the status; `source_batches` has a row a feed.

    `stamp` is 1 for the status at publication. `catalogue_version` is None for a form.
    `quarantine` is None where it was not counted, as in releases of earlier versions.
    """

    release_id: str
    kind: str
    period: str
    province_code: str
    province_name: str
    revision: int
    previous_release_id: str | None
    reason: str | None
    created_at: datetime
    catalogue_version: str | None
    content_sha256: str
    code_revision: str
    is_sample: bool
    source_batches: list[dict[str, Any]]
    stamp: int
    status: str
    data_cutoff: datetime
    stamped_at: datetime
    quarantine: list[Quarantined] | None = None

    @property
    def folder_name(self) -> str:
        """Where its files lie under the folder of its period: `r1`, `r1-final`."""
        # A second stamp is a final one; the status may be a later one, that has no files.
        return f"r{self.revision}" if self.stamp == 1 else f"r{self.revision}-final"

    @property
    def month(self) -> date:
        """The month of a monthly release, as its first day."""
        return date.fromisoformat(f"{self.period}-01")

    def folder(self, releases: Path) -> Path:
        return releases / self.period / self.folder_name


def editions(connection: psycopg.Connection, release_id: str) -> list[Edition]:
    """The editions of a release, the newest last.

    Raises LookupError for a release that was never published.
    """
    with connection.cursor(row_factory=class_row(Edition)) as cursor:
        found = cursor.execute(
            """
            with stamped as (
                select
                    release_id, status, data_cutoff, recorded_at as stamped_at, status_id,
                    row_number() over (order by status_id) as logged,
                    row_number() over (partition by status order by status_id) as of_its_kind
                from published.release_status
                where release_id = %s
            )
            select
                r.release_id, r.kind, r.period, r.province_code,
                coalesce(r.province_name, r.province_code) as province_name,
                r.revision, r.previous_release_id, r.reason, r.created_at, r.catalogue_version,
                r.content_sha256, r.code_revision, r.is_sample, r.source_batches,
                row_number() over (order by s.status_id) as stamp,
                s.status, s.data_cutoff, s.stamped_at, q.records as quarantine
            from stamped as s
            join published.release_record as r using (release_id)
            left join published.release_quarantine as q using (release_id)
            -- A suspended release gets no new documents, nor one that comes back from it.
            where s.logged = 1 or s.status = 'final' and s.of_its_kind = 1
            order by s.status_id
            """,
            [release_id],
        ).fetchall()
    if not found:
        raise LookupError(f"there is no release {release_id}")
    return found
