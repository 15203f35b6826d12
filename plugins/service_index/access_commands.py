"""`service-index access …`: who reads the warehouse."""

from __future__ import annotations

import sys
from typing import Annotated

import typer

from service_index.orchestration.progress import say

app = typer.Typer(
    no_args_is_help=True, help="Logins that read, and what every role may do (docs/security.md)."
)

Name = Annotated[str, typer.Argument(metavar="LOGIN", help="The login's name.")]


@app.command()
def add(
    name: Name,
    unit: Annotated[
        list[str] | None,
        typer.Option(
            metavar="CODE", help="Show it the dossiers of this unit and below; may be repeated."
        ),
    ] = None,
) -> None:
    """Let somebody read marts and releases. Again: a new password, and the units named now.

    Asks for the password; without a terminal it is the first line of standard input.
    """
    from service_index.orchestration.stages import open_warehouse
    from service_index.warehouse.access.logins import add_login

    if sys.stdin.isatty():
        password = typer.prompt("Password", hide_input=True, confirmation_prompt=True, err=True)
    else:
        password = sys.stdin.readline().rstrip("\n")
    with open_warehouse() as (connection, _, _settings), connection.transaction():
        login = add_login(connection, name, password, unit or ())
    units = f", dossiers of {', '.join(login.unit_codes)} and below" if login.unit_codes else ""
    say(f"{login.name} reads as {login.role}{units}")


@app.command()
def remove(name: Name) -> None:
    """Take a login away."""
    from service_index.orchestration.stages import open_warehouse
    from service_index.warehouse.access.logins import remove_login

    with open_warehouse() as (connection, _, _settings), connection.transaction():
        remove_login(connection, name)
    say(f"{name} is gone")


@app.command(name="list")
def list_logins() -> None:
    """Every login that reads, with its role and units."""
    from service_index.orchestration.stages import open_warehouse
    from service_index.warehouse.access.logins import logins

    with open_warehouse() as (connection, _, _settings):
        found = logins(connection)
    for login in found:
        typer.echo("\t".join((login.name, login.role, " ".join(login.unit_codes))).rstrip())
    if not found:
        say("nobody reads yet: `service-index access add LOGIN`")


@app.command()
def check() -> None:
    """Hold every privilege against the matrix; exit status 1 where one differs, which is named.

    The next transform makes those of the five roles the matrix's again; what was granted to others
    is theirs who granted it.
    """
    from service_index.orchestration.stages import open_warehouse
    from service_index.warehouse import access

    with open_warehouse() as (connection, _, _settings):
        wrong = [str(one) for one in access.differences(connection)]
        wrong += [f"{name} shows every unit's dossiers" for name in access.unguarded(connection)]
        wrong += access.foreign_grants(connection)
    for line in wrong:
        typer.echo(line)
    if wrong:
        raise SystemExit(1)
    say("every privilege is as the matrix has it")
