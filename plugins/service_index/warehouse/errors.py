"""What the database says of an error, without what it quotes of a row.

PostgreSQL quotes values: in the detail and context of every error, and of malformed data in the
message itself. Tracebacks, logs and terminals get the rest.
"""

from __future__ import annotations

import re
from typing import Any, Protocol

# SQLSTATE class "data exception": the message quotes the value that is malformed. Functions in SQL
# that raise an error write its message themselves; those of this project quote nothing.
_QUOTES_VALUES = "22"
_PLACE_IN_COPY = re.compile(r"^COPY \w+, line \d+(?:, column \w+)?", re.MULTILINE)
_NAMES = ("schema_name", "table_name", "column_name", "constraint_name")


class DatabaseError(Protocol):
    """An error of psycopg or psycopg2."""

    args: tuple[Any, ...]

    @property
    def diag(self) -> Any:
        """The parts of what the server said; all None where it said nothing."""


def conceal(error: DatabaseError) -> None:
    """Leave of the error's text what quotes no row: the problem, names, the place in a COPY.

    An error that is not the server's answer (no connection, wrong use) is left as it is.
    """
    said = error.diag
    if not said.sqlstate:
        return
    names = [f"{name.partition('_')[0]} {value}" for name in _NAMES if (value := _of(said, name))]
    place = _PLACE_IN_COPY.search(said.context or "")
    places = [*names, *([place[0]] if place else [])]
    where = f" ({', '.join(places)})" if places else ""
    error.args = (f"{_message(said)}{where}",)


def _message(said: Any) -> str:
    if str(said.sqlstate).startswith(_QUOTES_VALUES):
        return f"a value is not as it must be, SQLSTATE {said.sqlstate}"
    return " ".join(str(said.message_primary).split())


def _of(said: Any, name: str) -> str | None:
    value: str | None = getattr(said, name)
    return value
