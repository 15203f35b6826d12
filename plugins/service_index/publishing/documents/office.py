"""The files that an office may replace by its own: wording, Word and Typst templates.

Somebody may have been sent one: a template can print, and reach nothing of this machine or beyond.
"""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from jinja2 import StrictUndefined, TemplateError
from jinja2.sandbox import ImmutableSandboxedEnvironment

TEMPLATES = Path(__file__).with_name("templates")

# What a tag raises: Jinja's own errors, and Python's where it computes with what is not there, or
# with the wrong thing, or calls itself.
FAULTS_OF_TAGS = (
    TemplateError,
    ArithmeticError,
    AttributeError,
    LookupError,
    RecursionError,
    TypeError,
    ValueError,
)


class BrokenTemplateError(Exception):
    """A template cannot be laid out; the message names the file, and the line where it is known."""


def sandbox(**options: Any) -> ImmutableSandboxedEnvironment:
    """What fills in the tags of wordings and Word templates; a misspelt name is an error."""
    environment = ImmutableSandboxedEnvironment(undefined=StrictUndefined, **options)
    # The same release gives the same bytes: nothing is drawn by lot.
    del environment.globals["lipsum"], environment.filters["random"]
    return environment


@contextmanager
def template_folder(own: Path | None) -> Iterator[Path]:
    """The shipped templates in one folder, each replaced by the file of its name in `own`.

    Raises BrokenTemplateError when `own` is no folder.
    """
    if own is None:
        yield TEMPLATES
        return
    if not own.is_dir():
        raise BrokenTemplateError(f"there is no folder of templates at {own}")
    # One folder: a Typst template sees nothing outside its own, and may include a shipped file.
    with tempfile.TemporaryDirectory(prefix="templates-") as merged:
        for folder in (TEMPLATES, own):
            for path in sorted(folder.iterdir()):
                if path.is_file():
                    shutil.copyfile(path, Path(merged, path.name))
        yield Path(merged)
