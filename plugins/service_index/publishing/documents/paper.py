"""One document in its two formats, from one wording."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from service_index.publishing.documents import typesetting, word, wording
from service_index.publishing.documents.office import template_folder
from service_index.publishing.edition import SAMPLE_NOTICE, Edition


def write(
    name: str, edition: Edition, facts: Mapping[str, Any], folder: Path, templates: Path | None
) -> list[Path]:
    """Write `name`.docx and `name`.pdf into `folder`/documents; `name`.txt is the wording of both.

    Raises BrokenTemplateError.
    """
    documents = folder / "documents"
    documents.mkdir(parents=True, exist_ok=True)
    docx, pdf = documents / f"{name}.docx", documents / f"{name}.pdf"
    with template_folder(templates) as source:
        content: dict[str, Any] = {
            # No wording decides whether sample data say so.
            "sample_notice": SAMPLE_NOTICE if edition.is_sample else "",
            **wording.read(source / f"{name}.txt", facts),
        }
        word.write_docx(source / f"{name}.docx", content, docx, edition.stamped_at)
        typesetting.write_pdf(source / f"{name}.typ", content, pdf, edition.stamped_at)
    return [docx, pdf]
