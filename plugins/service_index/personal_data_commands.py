"""`service-index personal-data …`: erasure of a person, and of all persons of long ago.

Figures do not change by it: of the records that count, only their person goes.
"""

from __future__ import annotations

import getpass
import sys
from datetime import datetime
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console

from service_index.settings import ICT

if TYPE_CHECKING:
    from service_index.loading.erasure import Wanted

app = typer.Typer(no_args_is_help=True, help="Erase personal data from landing and quarantine.")
out = Console(file=sys.stdout, highlight=False, soft_wrap=not sys.stdout.isatty())

Because = Annotated[str, typer.Option(help="Why; it is kept, so name nobody.")]
By = Annotated[str | None, typer.Option(help="Who erases; you unless named.")]


@app.command()
def erase(
    because: Because,
    dossier: Annotated[
        str | None, typer.Option(metavar="ID", help="The person of this dossier (MaHoSo), or …")
    ] = None,
    petition: Annotated[
        str | None, typer.Option(metavar="ID", help="… of this petition (MaPAKN), or …")
    ] = None,
    identity_number: Annotated[
        bool,
        typer.Option(
            "--identity-number", help="… whoever has the identity number that is then asked for."
        ),
    ] = False,
    by: By = None,
) -> None:
    """Erase a person wherever records name the dossier, the petition or the identity number.

    The number is read from the terminal or the standard input, so that no history of commands
    keeps it. What the source delivers again is there again: have it erased there first.
    """
    from service_index.loading.erasure import Wanted

    if [dossier is not None, petition is not None, identity_number].count(True) != 1:
        raise ValueError("say whom: --dossier ID, --petition ID or --identity-number")
    if dossier is not None:
        wanted = Wanted("dossier", dossier)
    elif petition is not None:
        wanted = Wanted("petition", petition)
    else:
        wanted = Wanted("identity_number", _asked_for())
    _erase(wanted, by, because)


@app.command()
def retain(
    before: Annotated[
        str, typer.Option(metavar="YYYY-MM-DD", help="Landed before this ICT day: persons go.")
    ],
    because: Because,
    by: By = None,
) -> None:
    """Erase the persons of all records that were landed before a day. The records stay."""
    from service_index.loading.erasure import Wanted

    try:
        day = datetime.strptime(before, "%Y-%m-%d").replace(tzinfo=ICT)
    except ValueError:
        raise ValueError(f"--before is '{before}': write a day as 2025-03-01") from None
    _erase(Wanted("older_than", before=day), by, because)


def _asked_for() -> str:
    if sys.stdin.isatty():
        return getpass.getpass("Identity number (not shown): ")
    return sys.stdin.readline()


def _erase(wanted: Wanted, by: str | None, because: str) -> None:
    from service_index.landing.store import LandingStore
    from service_index.loading import erasure, mending
    from service_index.orchestration.failures import quoting_no_record
    from service_index.orchestration.stages import open_warehouse
    from service_index.warehouse.access import LOADER

    note = mending.note(by or getpass.getuser(), because)
    with open_warehouse(LOADER) as (connection, _, settings), quoting_no_record():
        erased = erasure.erase(connection, LandingStore(settings.landing_url), wanted, note)
    out.print(
        f"erased from {erased.landed_records:,} landed records in {erased.landings:,} landings "
        f"and from {erased.quarantined_records:,} in quarantine"
    )
    if settings.inbox.is_dir() and any(settings.inbox.iterdir()):
        out.print(
            f"{settings.inbox} is not looked into: delete files that were taken", markup=False
        )
