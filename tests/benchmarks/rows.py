"""The rows of the table of speeds, by name, in its order."""

from __future__ import annotations

from tests.benchmarks.as_of import row as as_of
from tests.benchmarks.bench import Row
from tests.benchmarks.daily import row as daily
from tests.benchmarks.day import row as day
from tests.benchmarks.gates import row as gates
from tests.benchmarks.ingest import row as ingest
from tests.benchmarks.marts import row as marts
from tests.benchmarks.publication import row as publication
from tests.benchmarks.queries import row as queries
from tests.benchmarks.transform import row as transform

_IN_ORDER = (
    ingest.ROW,
    transform.ROW,
    marts.ROW,
    day.ROW,
    gates.ROW,
    daily.ROW,
    publication.ROW,
    as_of.ROW,
    queries.ROW,
)
ROWS: dict[str, Row] = {row.name: row for row in _IN_ORDER}
