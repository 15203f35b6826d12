"""The marts from raw, all anew, beside the same statements through one session."""

from __future__ import annotations

import json
import shutil
from functools import partial
from pathlib import Path

from tests.benchmarks import history
from tests.benchmarks.bench import Bench, Row, Verdict, at_most, environment, new_database
from tests.benchmarks.measuring import Trial, run_trial
from tests.benchmarks.results import Results, side_by_side
from tests.benchmarks.transform import floor

SIZE, OTHER_SIZES = 1_000_000, (100_000, 300_000)
SMALL_SIZE = 20_000


def measure(bench: Bench) -> None:
    """Ours, floor and dbt's start in turn, each on a copy of the same database."""
    with bench.server() as server:
        for size in (SIZE, *OTHER_SIZES) if bench.full else (SMALL_SIZE,):
            _prepare(bench, server, size)
            sent = _record(bench, server)
            contestants = {
                "ours": partial(_ours, bench, server),
                "start": partial(_start, bench, server),
                "floor": partial(_floor, server, sent),
            }
            rounds = bench.rounds(5 if size == SIZE else 3)
            trials = side_by_side(contestants, rounds, f"marts of {size:,}")
            bench.results.keep_all(size, trials)


def judge(results: Results) -> list[Verdict]:
    """At the largest size; the floor's limit has one start added."""
    size = max(results.sizes("ours"))
    ours, start, least = (results.median(name, size) for name in ("ours", "start", "floor"))
    what = f"{size:,} dossiers, less one start of {start:.1f} s, of the floor's {least:.1f} s"
    return [at_most(what, (ours - start) / least, 1.2)]


ROW = Row("transform", "Marts from raw, all anew", measure, judge)


def _prepare(bench: Bench, server: str, size: int) -> None:
    """A warehouse with August loaded, and one that has the catalogue's seeds as well."""
    shutil.rmtree(bench.installation("transform").home)
    home = bench.installation("transform").home
    august = history.whole(bench.dataset(size))
    places = environment(home, new_database(server, "transform_raw"))
    run_trial("steps:load_part", *map(str, august), environment=places)
    places = environment(home, new_database(server, "transform_seeded", "transform_raw"))
    run_trial("steps:seed", environment=places)


def _record(bench: Bench, server: str) -> Path:
    """What dbt sends, kept in a file."""
    home = bench.work / "transform"
    log = home / "dbt" / "logs" / "dbt.log"
    log.unlink()
    told = {"DBT_LOG_FORMAT_FILE": "json", "DBT_LOG_LEVEL_FILE": "debug"}
    places = {**_installed(bench, server), **told}
    run_trial("steps:transform", environment=places)
    file = bench.work / "statements.json"
    file.write_text(json.dumps(floor.statements(log)), encoding="utf-8")
    log.unlink()
    return file


def _installed(bench: Bench, server: str) -> dict[str, str]:
    return environment(bench.work / "transform", new_database(server, "transform", "transform_raw"))


def _ours(bench: Bench, server: str) -> Trial:
    return run_trial("steps:transform", environment=_installed(bench, server))


def _start(bench: Bench, server: str) -> Trial:
    return run_trial("steps:start_dbt", environment=_installed(bench, server))


def _floor(server: str, sent: Path) -> Trial:
    dsn = new_database(server, "transform", "transform_seeded")
    return run_trial("transform.floor:replay", dsn, str(sent))
