"""What the failure of each task blocks and what mends it: a table, read from its top.

The first line that fits counts. `error` is the name of an exception or of one that it is a kind
of; a line without one fits every failure of the task. `key` is that of a trouble which several
tasks meet and which is over when its cause is (`watching`), not when the task succeeds; without
it the key is the task's, with its month or periods. In `headline` and `cure`, {first_day},
{after_last_day} and {month} are the task's own, {publish_periods} the commands for its periods.
`section` is a heading of docs/runbook.md.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from fnmatch import fnmatchcase

REFUSED_BATCHES = "refused_batches"
REFUSED_TABLES = "refused_national_tables"

_NO_RECORDS = "No new records come in, so scores and rankings stand still. What is published stays."
_NO_SCORES = (
    "New records are not in the scores; releases that are due wait. What is published stays."
)
_NO_RANKING = "Ranks and averages of other provinces stay out of the month. Our own scores go on."
_NO_FORM = "The statistical form of the period is not published. The monthly scores go on."
_FETCH_AGAIN = (
    "The next scheduled run fetches what is missing by itself; to have it at once: "
    "`service-index backfill --from {first_day} --to {after_last_day}`."
)


@dataclass(frozen=True)
class Line:
    """One line of the table."""

    task: str
    headline: str
    blocks: str
    cure: str
    section: str
    error: str = ""
    key: str = ""

    def fits(self, task: str, errors: Iterable[str]) -> bool:
        return fnmatchcase(task, self.task) and self.error in {"", *errors}


TABLE = (
    Line(
        "ingest_daily.plan",
        "the ingest does not start",
        _NO_RECORDS,
        "Look whether `service-index status` answers, then at the task's log. " + _FETCH_AGAIN,
        "a-run-does-not-start",
    ),
    Line(
        "ingest_daily.land",
        "the source does not answer",
        _NO_RECORDS,
        "Call the source's operator. " + _FETCH_AGAIN,
        "the-source-does-not-answer",
        error="PageFailedError",
    ),
    Line(
        "ingest_daily.land",
        "the source refuses our credentials",
        _NO_RECORDS,
        "Get valid ones from the source's operator, put them into the connection "
        "dossier_api (AIRFLOW_CONN_DOSSIER_API) and start Airflow again. " + _FETCH_AGAIN,
        "the-source-refuses-us",
        error="AuthenticationError",
    ),
    Line(
        "ingest_daily.land",
        "the source refuses our questions",
        _NO_RECORDS,
        "Check the address in the connection dossier_api and ask the source's operator what has "
        "changed. " + _FETCH_AGAIN,
        "the-source-refuses-us",
        error="SourceRefusedError",
    ),
    Line(
        "ingest_daily.land",
        "the source's answers are not whole",
        "The window that is named, and the release of its month. Other windows are loaded.",
        "Tell the source's operator which window it is. " + _FETCH_AGAIN,
        "the-sources-answers-are-not-whole",
        error="IncompleteWindowError",
    ),
    Line(
        "ingest_daily.land",
        "records cannot be fetched",
        _NO_RECORDS,
        "Mend what the reason names (disk, settings, clock). " + _FETCH_AGAIN,
        "records-cannot-be-fetched",
    ),
    Line(
        "ingest_daily.load",
        "records cannot be loaded",
        _NO_RECORDS,
        "Mend what the reason names (disk, database, a damaged file). What is landed and not "
        "loaded comes in with the next run; to have it at once: `service-index reload`.",
        "records-cannot-be-loaded",
    ),
    Line(
        "ingest_daily.gate",
        "delivered batches were refused",
        _NO_SCORES,
        "`service-index status` names the failed check and its report. Have the source mended, "
        "then fetch the days again: `service-index ingest --from {first_day} --to "
        "{after_last_day}`. If they are right as they are: `service-index publish --month {month} "
        "--override-gate CHECK --because REASON`.",
        "delivered-batches-were-refused",
        error="StageError",
        key=REFUSED_BATCHES,
    ),
    Line(
        "ingest_daily.gate",
        "the gate of batches broke",
        _NO_SCORES,
        "Look at the task's log. The next run holds the batches against their gate again; to have "
        "it at once: `service-index reload`.",
        "a-gate-broke",
    ),
    Line(
        "score_monthly.plan",
        "the scoring does not start",
        _NO_SCORES,
        "Look whether `service-index status` answers, then at the task's log. By hand: "
        "`service-index publish --month {month}`.",
        "a-run-does-not-start",
    ),
    Line(
        "*.transform",
        "refused batches hold the scores up",
        _NO_SCORES,
        "`service-index status` names the failed check and its report. Have the source mended and "
        "fetch the days again: `service-index ingest --from {first_day} --to {after_last_day}`. "
        "If they are right as they are: `service-index publish --month {month} --override-gate "
        "CHECK --because REASON`.",
        "delivered-batches-were-refused",
        error="RefusedBatchError",
        key=REFUSED_BATCHES,
    ),
    Line(
        "score_monthly.transform",
        "the scores cannot be computed",
        _NO_SCORES,
        "Look into the log that the reason names. When it is mended: "
        "`service-index publish --month {month}`.",
        "the-scores-cannot-be-computed",
    ),
    Line(
        "score_monthly.month.gate",
        "the scores of {month} have failed their gate",
        "The month is not published; its last release, if it has one, stays. Other months go on.",
        "`service-index status` names the check and its report. Have the records mended, then "
        "`service-index publish --month {month}`. If they are right as they are: `service-index "
        "publish --month {month} --override-gate CHECK --because REASON`.",
        "the-scores-have-failed-their-gate",
        error="StageError",
    ),
    Line(
        "score_monthly.month.gate",
        "the gate of the scores broke",
        "The month is not published; its last release, if it has one, stays.",
        "Look at the task's log. When it is mended: `service-index publish --month {month}`.",
        "a-gate-broke",
    ),
    Line(
        "score_monthly.month.publish",
        "{month} cannot be published",
        "The month is not published or its files are not whole; the release before it stays.",
        "Mend what the reason names, then `service-index publish --month {month}`.",
        "a-release-cannot-be-published",
    ),
    Line(
        "import_national.plan",
        "the national import does not start",
        _NO_RANKING,
        "Look at the task's log. By hand: `service-index import-national --month {month}`.",
        "a-run-does-not-start",
    ),
    Line(
        "import_national.land",
        "the national portal does not answer",
        _NO_RANKING,
        "When the portal answers again: `service-index import-national --month {month}`, then "
        "`service-index publish --month {month}`.",
        "the-national-portal-does-not-answer",
    ),
    Line(
        "import_national.load",
        "the national results cannot be loaded",
        _NO_RANKING,
        "Mend what the reason names, then `service-index import-national --month {month}` and "
        "`service-index publish --month {month}`.",
        "the-national-results-cannot-be-used",
    ),
    Line(
        "import_national.gate",
        "the national results were refused",
        _NO_RANKING,
        "`service-index status` names the failed check and its report. When the portal has mended "
        "them: `service-index import-national --month {month}`. If they are right as they are: "
        "`service-index publish --month {month} --override-gate CHECK --because REASON`.",
        "the-national-results-cannot-be-used",
        error="StageError",
        key=REFUSED_TABLES,
    ),
    Line(
        "import_national.gate",
        "the gate of batches broke",
        _NO_RANKING,
        "Look at the task's log, then hold them against their gate again: `service-index reload`.",
        "a-gate-broke",
    ),
    Line(
        "import_national.restate",
        "{month} cannot be published with its national results",
        _NO_RANKING,
        "Mend what the reason names, then `service-index publish --month {month}`.",
        "a-release-cannot-be-published",
    ),
    Line(
        "report_period.wait",
        "the statistical form does not start",
        _NO_FORM,
        "Look at the task's log. By hand: {publish_periods}.",
        "a-run-does-not-start",
    ),
    Line(
        "report_period.plan",
        "the statistical form does not start",
        _NO_FORM,
        "Look at the task's log. By hand: {publish_periods}.",
        "a-run-does-not-start",
    ),
    Line(
        "report_period.transform",
        "the statistical form cannot be computed",
        _NO_FORM,
        "Look into the log that the reason names. When it is mended: {publish_periods}.",
        "the-scores-cannot-be-computed",
    ),
    Line(
        "report_period.gate",
        "the statistical form has failed its gate",
        _NO_FORM,
        "`service-index status` names the check and its report. Have the figures mended, then "
        "{publish_periods}.",
        "the-form-has-failed-its-gate",
    ),
    Line(
        "report_period.publish",
        "the statistical form cannot be published",
        _NO_FORM,
        "Mend what the reason names, then {publish_periods}.",
        "a-release-cannot-be-published",
    ),
    Line(
        "await_release.*",
        "the wait for a month's release has broken off",
        "Nothing: Airflow keeps the deadline by itself, and a late release is told as ever.",
        "Look at the task's log and at `service-index status` for the releases. When it is mended, "
        "clear the task in Airflow's pages: it waits on.",
        "the-watch-does-not-work",
    ),
    Line(
        "watch.look",
        "nobody watches the source",
        "It is not told when the source falls silent or behind.",
        "Look at the task's log, and at `service-index status` for how far the data reach.",
        "the-watch-does-not-work",
    ),
)

# What comes of no task.
STALE = Line(
    "",
    "the records are out of date",
    _NO_RECORDS,
    "Look whether the DAG ingest_daily is on and what became of its last run; then "
    "`service-index backfill --from {first_day} --to {after_last_day}`.",
    "the-records-are-out-of-date",
    key="stale",
)
SILENT = Line(
    "",
    "the source answers and delivers nothing",
    _NO_RECORDS,
    "Ask the source's operator whether records are still entered. When they are there: "
    "`service-index ingest --from {first_day} --to {after_last_day}`.",
    "the-source-delivers-nothing",
    key="silent_source",
)
LATE = Line(
    "",
    "{month} has no release",
    "The province's score and ranking of the month are not public.",
    "`service-index status` shows what is in the way. When it is gone: "
    "`service-index publish --month {month}`.",
    "a-month-has-no-release",
    key="late_release",
)
WAREHOUSE = Line(
    "",
    "the warehouse does not answer",
    "Nothing is fetched, scored or published. Pages and files that are published stay.",
    "Start PostgreSQL, or mend the setting that is named; look whether `service-index status` "
    "answers. What was not done is done by the next runs.",
    "the-warehouse-does-not-answer",
    key="warehouse",
)
