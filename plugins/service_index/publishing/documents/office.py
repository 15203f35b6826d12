"""The files that an office may replace by its own: wording, Word and Typst templates."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

TEMPLATES = Path(__file__).with_name("templates")


class BrokenTemplateError(Exception):
    """A template cannot be laid out; the message names the file, and the line where it is known."""


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
