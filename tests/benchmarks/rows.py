"""The rows of the table of speeds, by name, in its order."""

from __future__ import annotations

from tests.benchmarks.bench import Row
from tests.benchmarks.daily import row as daily
from tests.benchmarks.gates import row as gates
from tests.benchmarks.ingest import row as ingest
from tests.benchmarks.marts import row as marts
from tests.benchmarks.publication import row as publication

ROWS: dict[str, Row] = {
    row.name: row for row in (ingest.ROW, marts.ROW, gates.ROW, daily.ROW, publication.ROW)
}
