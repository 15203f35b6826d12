"""What the warehouse knows when records are judged."""

from __future__ import annotations

from datetime import UTC, datetime

import psycopg
from psycopg import sql

from service_index.loading.contract import Contract
from service_index.loading.converters import copy_instant, copy_text
from service_index.loading.reader import Knowledge

_CODES = {"units": "unit_code", "procedures": "procedure_code"}
_ALWAYS = datetime(9999, 1, 1, tzinfo=UTC)


def gather(
    connection: psycopg.Connection, contract: Contract, version_bound: datetime | None
) -> Knowledge:
    """The codes that the contract refers to, in any version that no gate refused.

    Versions not before `version_bound` are refused; None where a feed has no versions of its own.
    """
    needed = {reference.known for reference in contract.references}
    known = {feed: _codes(connection, feed) if feed in needed else frozenset() for feed in _CODES}
    return Knowledge(
        units=known["units"],
        procedures=known["procedures"],
        version_bound=bound_text(version_bound),
    )


def bound_text(version_bound: datetime | None) -> str:
    """A version bound as it is compared with versions in COPY form."""
    return copy_instant(version_bound or _ALWAYS)


def _codes(connection: psycopg.Connection, feed: str) -> frozenset[str]:
    statement = sql.SQL(
        "select distinct {code} from raw.{feed} where batch_id not in "
        "(select batch_id from ops.batch where status = 'refused')"
    ).format(code=sql.Identifier(_CODES[feed]), feed=sql.Identifier(feed))
    return frozenset(copy_text(code) for (code,) in connection.execute(statement))
