"""LibreOffice as whoever opens our documents runs it, with the font that they ask for."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

from service_index.publishing.documents.typesetting import FONTS

# The documents ask for Times New Roman. Tinos has its measures; what a machine without either puts
# in its place differs from machine to machine, and with it where the lines break.
_FONTCONFIG = """<?xml version="1.0"?>
<!DOCTYPE fontconfig SYSTEM "urn:fontconfig:fonts.dtd">
<fontconfig>
  <dir>{fonts}</dir>
  <cachedir>{cache}</cachedir>
  <alias binding="same">
    <family>Times New Roman</family>
    <prefer><family>Tinos</family></prefer>
  </alias>
</fontconfig>
"""


def converted(path: Path, kind: str, folder: Path) -> Path:
    """`path` as LibreOffice saves it in `folder`: `kind` is a file type, and filter options if any.

    The profile is the folder's own: two runs must not meet in one.
    """
    fontconfig = folder / "fonts.conf"
    fontconfig.write_text(_FONTCONFIG.format(fonts=FONTS, cache=folder / "fonts"))
    subprocess.run(
        [
            "soffice",
            f"-env:UserInstallation={(folder / 'profile').as_uri()}",
            "--headless",
            "--convert-to",
            kind,
            "--outdir",
            str(folder),
            str(path),
        ],
        check=True,
        capture_output=True,
        timeout=180,
        env={**os.environ, "FONTCONFIG_FILE": str(fontconfig)},
    )
    return folder / f"{path.stem}.{kind.split(':', maxsplit=1)[0]}"
