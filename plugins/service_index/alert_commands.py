"""`service-index alerts …`: who is told when something is wrong."""

from __future__ import annotations

import sys

import typer
from rich.console import Console

from service_index import settings as settings_module

app = typer.Typer(no_args_is_help=True, help="Who is told when something is wrong.")
out = Console(file=sys.stdout, highlight=False, soft_wrap=not sys.stdout.isatty())

_SUBJECT = "Service index: a test, nothing is wrong"
_TEXT = "This message was sent by hand, to see whether it arrives. Nothing need be done."


@app.callback()
def _alerts() -> None:
    """Addresses stand in SERVICE_INDEX_ALERTS_FILE, one a line, as Apprise writes them."""


@app.command()
def test() -> None:
    """Send a test message to every address, and tell which took it. Exit status 1 if one did not.

    Addresses are secrets: their kind is shown, and the host where it is none of them.
    """
    from service_index.orchestration import messenger

    settings = settings_module.load()
    outcomes = messenger.send(settings, _SUBJECT, _TEXT)
    if not outcomes:
        raise ValueError(
            f"nobody would be told: write addresses into {settings.alerts_file}, one a line, "
            "such as mailto://user:password@mail.example.org?to=duty@example.org"
        )
    for outcome in outcomes:
        told = "took it" if outcome.was_taken else f"did not take it: {outcome.reason}"
        out.print(f"{outcome.address} {told}", markup=False)
    failed = sum(not outcome.was_taken for outcome in outcomes)
    if failed:
        raise ValueError(f"{failed} of {len(outcomes)} addresses did not take the message")
