"""DOCX from Word templates that the office can change, with the same bytes each time."""

from __future__ import annotations

import io
import zipfile
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from docx.opc.exceptions import PackageNotFoundError
from docxtpl import DocxTemplate

from service_index.publishing.documents.office import FAULTS_OF_TAGS, BrokenTemplateError, sandbox

_LONGEST_TITLE = 255  # characters that a Word file's properties take
_ZIP_TIME = (1980, 1, 1, 0, 0, 0)


def write_docx(template: Path, content: dict[str, Any], path: Path, at: datetime) -> None:
    """Fill `template` (docxtpl's Jinja tags) with `content`.

    Text is escaped, a name that the template misspells is an error. `at` becomes the document's
    own date, the texts of the section `document_title` its title. Raises BrokenTemplateError where
    the template does not fit.
    """
    document = DocxTemplate(template)
    try:
        document.init_docx()
    except (KeyError, PackageNotFoundError, ValueError, zipfile.BadZipFile) as error:
        raise BrokenTemplateError(f"{template.name} is no Word file") from error
    try:
        document.render(content, jinja_env=sandbox(autoescape=True), autoescape=True)
    # A SyntaxError is lxml's: of a tag that begins in one row and ends in another.
    except (*FAULTS_OF_TAGS, SyntaxError) as error:
        raise BrokenTemplateError(f"{template.name}: {error}{_around(error)}") from error
    # Not its get_docx(), which loads the template anew once it is rendered.
    properties = document.docx.core_properties
    properties.created = properties.modified = at.astimezone(UTC).replace(tzinfo=None)
    properties.author = properties.last_modified_by = ""
    title = " ".join(block["text"] for block in content.get("document_title", ()))
    properties.title = title[:_LONGEST_TITLE]
    properties.revision = 1
    buffer = io.BytesIO()
    document.save(buffer)
    path.write_bytes(_without_clock(buffer.getvalue()))


def _around(error: Exception) -> str:
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
