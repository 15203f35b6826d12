"""The hash of every paper of a month and of a form made by hand, for a process of its own.

`python -m tests.paper_digests FOLDER` writes the papers there and prints a line for each.
"""

from __future__ import annotations

import hashlib
import sys
from dataclasses import replace
from pathlib import Path

from service_index.publishing.documents import compliance, form, letter
from tests.form_paper import paper_form
from tests.letter_support import month_before, progress, ranked, release, unit


def digests(folder: Path) -> list[str]:
    """`name hash` of each paper, which it writes under `folder`."""
    units = [*ranked("department", 5), *ranked("commune", 40), unit("V1", "vertical_agency")]
    units.append(unit("C999", "commune", unit_name="Xã 日本 {{ 7*7 }} <b> ậ"))
    month = release(units=units, status="provisional")
    of_field = [
        replace(progress(code, 4, 10, basis), field_code=field, field_name=f"Lĩnh vực {field}")
        for basis in ("month", "year_to_date")
        for code in ("P", "C001", "C002")
        for field in ("b", "a", "đ", "c")
    ]
    month = replace(month, compliance=[*month.compliance, *of_field])
    paths = letter.write(month, [month_before()], folder)
    paths += compliance.write(month, folder)
    paths += form.write(paper_form(), folder)
    return [f"{path.name} {hashlib.sha256(path.read_bytes()).hexdigest()}" for path in paths]


if __name__ == "__main__":
    print("\n".join(digests(Path(sys.argv[1]))))
