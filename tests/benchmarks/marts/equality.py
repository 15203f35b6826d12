"""Whether a peer's marts hold the warehouse's numbers: one that does not is no peer."""

from __future__ import annotations

from pathlib import Path
from typing import Any, NamedTuple

import duckdb
import psycopg

from service_index.orchestration.windows import parse_month
from tests.benchmarks import volume
from tests.oracle.compare import BALANCE
from tests.oracle.policy import GROUPS

# The peers count with binary fractions.
TOLERANCE = 1e-9
SHOWN = 20


class Mart(NamedTuple):
    """A relation's key within the month, and the columns that are compared."""

    key: tuple[str, ...]
    columns: tuple[str, ...]


MARTS = {
    "fct_measure": Mart(("unit_code", "measure_code"), ("value",)),
    "fct_criterion_score": Mart(
        ("unit_code", "criterion_code"),
        ("unit_type", "province_code", "numerator", "denominator", "rate", "max_points", "score"),
    ),
    "mart_monthly_score": Mart(
        ("unit_code",),
        (
            *GROUPS,
            *(f"{group}_max" for group in GROUPS),
            "raw_points",
            "applicable_max_points",
            "total_score",
            "band",
            "rank",
            "rank_out_of",
        ),
    ),
    "mart_dossier_balance": Mart(("unit_code",), BALANCE.columns),
    "mart_target_compliance": Mart(
        ("basis", "metric_code", "unit_code", "field_code"),
        ("numerator", "denominator", "rate", "target_rate", "is_compliant", "shortfall"),
    ),
    "mart_compliance_cause": Mart(
        ("unit_code", "cause"), ("dossiers_failing", "dossiers_failing_only")
    ),
}


def assert_equal(dsn: str, peer: Path) -> None:
    """Raise AssertionError with the first differences; `peer` is a DuckDB file, or a folder with
    a Parquet file for each mart."""
    differences = []
    with psycopg.connect(dsn) as warehouse, _opened(peer) as found:
        for name, mart in MARTS.items():
            columns = ", ".join((*mart.key, *mart.columns))
            rows = warehouse.execute(
                f"select {columns} from marts.{name} where period_month = %s",  # type: ignore[arg-type]
                [parse_month(volume.FIRST[:7])],
            )
            source = name if peer.is_file() else f"'{peer / name}.parquet'"
            ours = _by_key(mart, rows.fetchall())
            theirs = _by_key(mart, found.execute(f"select {columns} from {source}").fetchall())
            differences += [
                f"{name} {key} {difference}"
                for key in sorted(ours.keys() | theirs.keys())
                if (difference := _difference(mart, ours.get(key), theirs.get(key)))
            ]
    assert not differences, f"{peer.name}: {len(differences)} rows differ\n" + "\n".join(
        differences[:SHOWN]
    )


def _opened(peer: Path) -> duckdb.DuckDBPyConnection:
    return duckdb.connect(peer, read_only=True) if peer.is_file() else duckdb.connect()


def _by_key(mart: Mart, rows: list[tuple[Any, ...]]) -> dict[tuple[Any, ...], tuple[Any, ...]]:
    width = len(mart.key)
    found = {row[:width]: row[width:] for row in rows}
    assert len(found) == len(rows), "a key occurs twice"
    return found


def _difference(
    mart: Mart, ours: tuple[Any, ...] | None, theirs: tuple[Any, ...] | None
) -> str | None:
    """The columns that differ; None where none does."""
    if ours is None or theirs is None:
        return "is not theirs" if theirs is None else "is not ours"
    return ", ".join(
        f"{column}: {own} != {other}"
        for column, own, other in zip(mart.columns, ours, theirs, strict=True)
        if not _is_same(own, other)
    )


def _is_same(ours: Any, theirs: Any) -> bool:
    if ours is None or theirs is None or isinstance(ours, str):
        return bool(ours == theirs)
    return abs(float(ours) - float(theirs)) <= TOLERANCE
