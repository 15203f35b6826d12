"""What the tests of faults ask of an installation."""

from __future__ import annotations

from tests.compose.installation import Installation

# The sample's records of March were last changed until September.
WINDOW = {"window_from": "2025-03-01", "window_to": "2025-09-16", "overlap_minutes": 0}


def transforming(installation: Installation) -> bool:
    """Whether dbt is at work in the warehouse."""
    found = installation.query(
        """select count(*) from pg_stat_activity where query like '%"app": "dbt"%' """
        "and pid <> pg_backend_pid()",
        is_quiet=True,
    )
    return int(found[0][0]) > 0


def release_ids(installation: Installation, month: str) -> list[str]:
    """The month's published releases."""
    rows = installation.query(
        f"select release_id from published.release where period = '{month}' order by 1"
    )
    return [row[0] for row in rows]
