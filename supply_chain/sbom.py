"""Bills of materials (CycloneDX): what an installation holds, by name, version, hash and licence.

`build/sbom-runtime.json` is that of `make setup`, `build/sbom-container.json` that of the image.
The same locks give the same bytes: neither holds a time or a random number.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from cyclonedx.schema import SchemaVersion
from cyclonedx.validation.json import JsonStrictValidator

ROOT = Path(__file__).resolve().parents[1]
LOCKS = ("runtime", "container")


def write(folder: Path) -> list[Path]:
    """Write the bills into `folder`, and return where they are.

    Raises ValueError, one line, when one cannot be made or is not valid CycloneDX.
    """
    folder.mkdir(parents=True, exist_ok=True)
    licences = installed_licences()
    written = []
    for lock in LOCKS:
        text = bill(lock, licences)
        fault = JsonStrictValidator(SchemaVersion.V1_6).validate_str(text)
        if fault is not None:
            raise ValueError(f"the bill of {lock}.txt is no valid CycloneDX: {fault.data}")
        path = folder / f"sbom-{lock}.json"
        path.write_text(text, encoding="utf-8")
        written.append(path)
    return written


def bill(lock: str, licences: Mapping[str, Any]) -> str:
    """The bill of a lock, with the licences that are known."""
    content = _generated("requirements", str(ROOT / "requirements" / f"{lock}.txt"))
    for component in content["components"]:
        if component["purl"] in licences:
            component["licenses"] = licences[component["purl"]]
    return json.dumps(content, indent=2, sort_keys=True, ensure_ascii=False) + "\n"


def installed_licences() -> dict[str, Any]:
    """The licences of what is installed beside this Python, by package URL; a lock names none."""
    installed = _generated("environment", sys.prefix)["components"]
    return {
        component["purl"]: component["licenses"]
        for component in installed
        if "purl" in component and "licenses" in component
    }


def _generated(kind: str, subject: str) -> dict[str, Any]:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "bill.json")
        command = [
            sys.executable,
            "-m",
            "cyclonedx_py",
            kind,
            "--output-reproducible",
            "--sv",
            "1.6",
        ]
        command += ["--pyproject", str(ROOT / "pyproject.toml"), "--mc-type", "application"]
        # What is written in the end is validated, not every step.
        command += ["--short-PURLs", "--no-validate", "--output-file", str(path), subject]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        if done.returncode:
            raise ValueError(f"cyclonedx_py {kind} {subject} failed: {done.stderr.strip()[-300:]}")
        content: dict[str, Any] = json.loads(path.read_bytes())
        return content


def main() -> int:
    """Write both into build/, and tell what they hold."""
    try:
        paths = write(ROOT / "build")
    except ValueError as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    for path in paths:
        components = json.loads(path.read_bytes())["components"]
        licensed = sum("licenses" in component for component in components)
        print(f"{path.relative_to(ROOT)}: {len(components)} packages, {licensed} with a licence")
    return 0


if __name__ == "__main__":
    sys.exit(main())
