"""`service-index quarantine …`: the records that were refused, seen, mended and tried again.

What is shown holds nobody's data; whole records leave the warehouse by `export` alone.
"""

from __future__ import annotations

import getpass
import sys
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

app = typer.Typer(no_args_is_help=True, help="Records that were refused, and why.")
out = Console(file=sys.stdout, highlight=False, soft_wrap=not sys.stdout.isatty())

Feed = Annotated[str | None, typer.Option("--feed", metavar="FEED", help="Only of this feed.")]
Rule = Annotated[
    str | None, typer.Option("--rule", metavar="RULE", help="Only those that this rule refused.")
]
RefusedBy = Annotated[
    str, typer.Option("--rule", metavar="RULE", help="Those that this rule refused.")
]


@app.command(name="list")
def list_records(feed: Feed = None, rule: Rule = None) -> None:
    """Count the records in quarantine by feed, rule and reason; nothing personal is shown."""
    from service_index.orchestration import quarantine_view
    from service_index.orchestration.stages import open_warehouse

    with open_warehouse() as (connection, _, _settings):
        out.print(quarantine_view.render_list(connection, feed, rule))


@app.command()
def inspect(
    record_id: Annotated[int | None, typer.Argument(metavar="[RECORD_ID]")] = None,
    rule: Rule = None,
    feed: Feed = None,
    limit: Annotated[int, typer.Option(min=1, max=1000, help="How many at most.")] = 5,
) -> None:
    """Show where records lie, why they were refused, and their fields.

    Values are shown only of fields that hold no personal data, and only where they look like
    codes, dates or amounts; of all others the kind and the length.
    """
    from service_index.orchestration import quarantine_view
    from service_index.orchestration.stages import open_warehouse

    if (record_id is None) == (rule is None and feed is None):
        raise ValueError("name a RECORD_ID, or a --rule or --feed (`quarantine list` shows them)")
    with open_warehouse() as (connection, _, _settings):
        records = quarantine_view.read_records(
            connection, record_id, feed=feed, rule=rule, limit=limit
        )
    if not records:
        raise ValueError("there is no such record in quarantine")
    for record in records:
        out.print(quarantine_view.render_record(record))


@app.command()
def export(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="A new file; yours alone to read.")],
    rule: RefusedBy,
    feed: Feed = None,
) -> None:
    """Write whole records to a file, a line each, to correct their `body` and give it to `mend`.

    It holds personal data: keep it off shared folders, and delete it when it is mended.
    """
    from service_index.loading import exchange, waiting
    from service_index.orchestration.stages import open_warehouse

    with open_warehouse() as (connection, _, settings):
        read_by_others = [settings.releases, settings.reports, settings.inbox]
        records = waiting.of_rule(connection, rule, feed)
        written = exchange.write(file, records, read_by_others)
    if not written:
        raise ValueError(f"no record waits that {rule} refused: no file is written")
    out.print(f"{written:,} records in {file}: personal data, delete it when done", markup=False)


@app.command()
def mend(
    because: Annotated[str, typer.Option(help="Why it may be so mended; it is kept.")],
    file: Annotated[
        Path | None, typer.Argument(metavar="[FILE]", help="Corrected lines of an `export`, or …")
    ] = None,
    rule: Annotated[
        str | None, typer.Option(metavar="RULE", help="… the rule that refused the records,")
    ] = None,
    field: Annotated[str | None, typer.Option(help="the field to change,")] = None,
    old: Annotated[
        str | None, typer.Option("--from", help="its value there ('' for a missing one),")
    ] = None,
    new: Annotated[str | None, typer.Option("--to", help="and the value to put there.")] = None,
    feed: Feed = None,
    by: Annotated[str | None, typer.Option(help="Who mends; you unless named.")] = None,
) -> None:
    """Load mended records in the place of those refused: by a file, or by a rule for one value.

    They are judged as any delivery and go through the gate. What is still bad is told and stays in
    quarantine. The same again changes nothing.
    """
    from service_index.landing.manifest import MendingRule
    from service_index.landing.store import LandingStore
    from service_index.loading import mending
    from service_index.orchestration import quarantine_view, stages
    from service_index.warehouse.clock import assert_clocks_agree

    note = mending.note(by or getpass.getuser(), because)
    with stages.open_warehouse() as (connection, _, settings):
        assert_clocks_agree(connection)
        store = LandingStore(settings.landing_url)
        if file and not (rule or field or old or new or feed):
            report = mending.mend_by_file(connection, store, file, note)
        elif not file and rule and field and old is not None and new is not None:
            mending_rule = MendingRule(refused_rule=rule, field=field, from_value=old, to_value=new)
            report = mending.mend_by_rule(connection, store, mending_rule, note, feed)
        else:
            raise ValueError("name either a FILE, or all of --rule, --field, --from and --to")
    for line in quarantine_view.mend_lines(report):
        out.print(line, markup=False)
    # Others may have waited for a unit or procedure that is mended now; and a run that was killed
    # may have left a batch before its gate.
    stages.load()
    stages.gate_batches()
    if report.problems:
        raise ValueError(f"{len(report.problems):,} records are not mended, see above")


@app.command()
def replay() -> None:
    """Judge the records again that waited for a unit, a procedure or a later window.

    Every ingest does this by itself; here it is done now, and what is good goes to its gate.
    """
    from service_index.orchestration import stages

    stages.load()
    stages.gate_batches()
