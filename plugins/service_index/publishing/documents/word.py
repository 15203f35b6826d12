"""DOCX from Word templates that the office can change, with the same bytes each time."""

from __future__ import annotations

import io
import zipfile
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from docx.opc.exceptions import PackageNotFoundError
from docxtpl import DocxTemplate
from jinja2 import StrictUndefined, TemplateError
from jinja2.sandbox import SandboxedEnvironment

from service_index.publishing.documents.office import BrokenTemplateError

_ZIP_TIME = (1980, 1, 1, 0, 0, 0)


def write_docx(template: Path, content: dict[str, Any], path: Path, at: datetime) -> None:
    """Fill `template` (docxtpl's Jinja tags) with `content`.

    Text is escaped, a name that the template misspells is an error. `at` becomes the document's
    own date. Raises BrokenTemplateError where the template does not fit.
    """
    document = DocxTemplate(template)
    # Somebody may have been sent a template: it can print, and call nothing of this machine's.
    environment = SandboxedEnvironment(undefined=StrictUndefined, autoescape=True)
    try:
        document.init_docx()
    except (KeyError, PackageNotFoundError, ValueError, zipfile.BadZipFile) as error:
        raise BrokenTemplateError(f"{template.name} is no Word file") from error
    try:
        document.render(content, jinja_env=environment, autoescape=True)
    except TemplateError as error:
        raise BrokenTemplateError(f"{template.name}: {error}{_around(error)}") from error
    # Not its get_docx(), which loads the template anew once it is rendered.
    properties = document.docx.core_properties
    properties.created = properties.modified = at.astimezone(UTC).replace(tzinfo=None)
    properties.author = properties.last_modified_by = ""
    properties.revision = 1
    buffer = io.BytesIO()
    document.save(buffer)
    path.write_bytes(_without_clock(buffer.getvalue()))


def _around(error: TemplateError) -> str:
    """The template's text around a misplaced tag, which is all that can be told of its place."""
    lines = [line.strip() for line in getattr(error, "docx_context", ())]
    shown = " ".join(line for line in lines if line)
    return f", near: {shown[:200]}" if shown else ""


def _without_clock(archive: bytes) -> bytes:
    """The zip file with its entries in order of their names and without times of their own."""
    result = io.BytesIO()
    with (
        zipfile.ZipFile(io.BytesIO(archive)) as source,
        zipfile.ZipFile(result, "w", zipfile.ZIP_DEFLATED) as target,
    ):
        # Readers expect the table of content types first.
        for name in sorted(source.namelist(), key=lambda name: (name[0] != "[", name)):
            entry = zipfile.ZipInfo(name, _ZIP_TIME)
            entry.compress_type = zipfile.ZIP_DEFLATED
            target.writestr(entry, source.read(name))
    return result.getvalue()
