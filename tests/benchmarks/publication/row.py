"""A month published, in all formats: the sample province at its true size, or a tenth of it."""

from __future__ import annotations

import shutil

from service_index.orchestration import sample_source
from tests.benchmarks.bench import Bench, Row, Verdict, environment, new_database, within
from tests.benchmarks.measuring import Trial, run_trial
from tests.benchmarks.results import Results, side_by_side

MONTH, AFTER_LAST = "2025-08", "2025-09-01"
# The sample has July too; of the small size August is all there is.
FIRST, SMALL_FIRST, SMALL_SIZE = "2025-07-01", "2025-08-01", 20_000
MOST_SECONDS = 30


def measure(bench: Bench) -> None:
    """Each round publishes the month for the first time, in a copy of the scored warehouse."""
    installation = bench.installation("publication")
    shutil.rmtree(installation.home)
    home = bench.installation("publication").home
    if bench.full:
        first, dataset = FIRST, sample_source.generate(bench.installation("sample"))
    else:
        first, dataset = SMALL_FIRST, bench.dataset(SMALL_SIZE)
    with bench.server() as server:
        scored = new_database(server, "publication_scored")
        with bench.source(dataset) as uri:
            before = environment(home, scored, uri)
            run_trial("publication.ours:score", first, AFTER_LAST, MONTH, environment=before)

        def publish() -> Trial:
            shutil.rmtree(installation.releases, ignore_errors=True)
            dsn = new_database(server, "publication", template="publication_scored")
            return run_trial("publication.ours:publish", MONTH, environment=environment(home, dsn))

        trials = side_by_side({"publication": publish}, bench.rounds(), f"{MONTH} published")
    bench.results.keep_all(0, trials)


def judge(results: Results) -> list[Verdict]:
    """The median round, in seconds."""
    seconds = results.median("publication", 0)
    return [within(f"{MONTH}, imports included", seconds, MOST_SECONDS, "s")]


ROW = Row("publication", "Publishing a month, all formats", measure, judge)
