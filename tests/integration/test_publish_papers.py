"""Papers are a function of their release: wherever they are written, they have the same bytes."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.paper_digests import digests


@pytest.fixture(scope="module")
def here(tmp_path_factory: pytest.TempPathFactory) -> list[str]:
    found = digests(tmp_path_factory.mktemp("here"))
    assert [line.split()[0] for line in found] == [
        *("letter.docx", "letter.pdf", "compliance.docx", "compliance.pdf"),
        *("statistical_form.docx", "statistical_form.pdf", "statistical_form.xlsx"),
    ]
    return found


def test_written_again_papers_have_the_same_bytes(here: list[str], tmp_path: Path) -> None:
    assert digests(tmp_path) == here


@pytest.mark.parametrize(
    ("zone", "locale", "seed"),
    [("America/New_York", "C", "1"), ("Asia/Ho_Chi_Minh", "vi_VN.UTF-8", "4711")],
)
def test_another_process_elsewhere_writes_the_same_bytes(
    here: list[str], tmp_path: Path, zone: str, locale: str, seed: str
) -> None:
    of_place = {"TZ": zone, "LC_ALL": locale, "LANG": locale, "PYTHONHASHSEED": seed}
    written = subprocess.run(
        [sys.executable, "-m", "tests.paper_digests", str(tmp_path / "papers")],
        env={"PATH": os.environ["PATH"], "HOME": str(tmp_path)} | of_place,
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=True,
    )
    assert written.stdout.splitlines() == here
