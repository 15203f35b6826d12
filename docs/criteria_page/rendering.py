"""Renders model files to plain SQL with the project's macros: no dbt, no database."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any

from jinja2 import Environment, StrictUndefined
from jinja2.runtime import Context, Macro

_SEPARATOR = "\0"


class _Returned(Exception):  # noqa: N818 (no error: it carries a value)
    def __init__(self, value: object) -> None:
        super().__init__()
        self.value = value


class _Context(Context):
    """Lets a macro return a value by `return`, as dbt does; Jinja's own macros return text."""

    def call(self, called: Any, *args: Any, **named: Any) -> Any:
        try:
            return super().call(called, *args, **named)
        except _Returned as returned:
            if not isinstance(called, Macro):
                raise
            return returned.value


def render(macros: Iterable[Path], models: Iterable[Path]) -> dict[str, str]:
    """The SQL of models by name, as for a full refresh; `ref` gives the bare name."""
    environment = Environment(  # noqa: S701 (SQL, not HTML)
        undefined=StrictUndefined, extensions=["jinja2.ext.do"]
    )
    environment.context_class = _Context
    texts = {path.stem: path.read_text(encoding="utf-8") for path in models}
    # one template, for the macros take longest; `with` keeps what a model sets to itself
    scopes = [f"{{% with %}}{text}{{% endwith %}}" for text in texts.values()]
    template = "".join(path.read_text(encoding="utf-8") for path in macros)
    rendered = environment.from_string(_SEPARATOR.join([template, *scopes])).render(
        {
            "ref": lambda name: name,
            "source": lambda schema, name: f"{schema}_{name}",
            "config": lambda **_: "",
            "is_incremental": lambda: False,
            "return": _return,
        }
    )
    return dict(zip(texts, rendered.split(_SEPARATOR)[1:], strict=True))


def _return(value: object) -> None:
    raise _Returned(value)
