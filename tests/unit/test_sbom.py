"""The bills of materials hold what the locks hold."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from packaging.requirements import Requirement

from service_index.settings import PROJECT_ROOT
from supply_chain import sbom

Bills = Mapping[str, tuple[str, dict[str, Any]]]


@pytest.fixture(scope="module")
def bills(tmp_path_factory: pytest.TempPathFactory) -> Bills:
    """Text and content of each bill; written valid, or not at all."""
    written = sbom.write(tmp_path_factory.mktemp("bills"))
    texts = {path.stem: path.read_text(encoding="utf-8") for path in written}
    return {name: (text, json.loads(text)) for name, text in texts.items()}


def locked(name: str) -> dict[str, tuple[str, set[str]]]:
    """Version and SHA-256 of each package of a lock."""
    text = (PROJECT_ROOT / "requirements" / f"{name}.txt").read_text(encoding="utf-8")
    packages: dict[str, tuple[str, set[str]]] = {}
    for line in text.replace("\\\n", " ").splitlines():
        if line and not line.lstrip().startswith("#"):
            requirement, *hashes = line.split("--hash=sha256:")
            one = Requirement(requirement.strip())
            version = str(one.specifier).removeprefix("==")
            packages[one.name] = (version, {digest.strip() for digest in hashes})
    return packages


@pytest.mark.parametrize("lock", sbom.LOCKS)
def test_every_locked_package_is_listed_with_version_and_hashes(bills: Bills, lock: str) -> None:
    _, bill = bills[f"sbom-{lock}"]
    listed = {
        component["name"]: (
            component["version"],
            {
                digest["content"]
                for reference in component["externalReferences"]
                for digest in reference["hashes"]
                if digest["alg"] == "SHA-256"
            },
        )
        for component in bill["components"]
    }
    assert listed == locked(lock)
    assert len(listed) == len(bill["components"]) > 100
    assert bill["metadata"]["component"]["name"] == "service-index"


def test_what_is_installed_here_has_a_licence(bills: Bills) -> None:
    _, bill = bills["sbom-runtime"]
    without = {item["name"] for item in bill["components"] if not item.get("licenses")}
    # Their own metadata name none, or nothing installs them on this Python.
    assert without <= {
        *("httpx2-jsfetch", "openlineage-sql", "protobuf", "pyyaml-ft", "ruamel-yaml")
    }
    package = next(item for item in bill["components"] if item["name"] == "sqlalchemy")
    assert package["licenses"][0]["license"]["id"] == "MIT"


def test_a_bill_holds_no_time_and_no_random_number(bills: Bills) -> None:
    licences = sbom.installed_licences()
    for lock in sbom.LOCKS:
        text, bill = bills[f"sbom-{lock}"]
        assert sbom.bill(lock, licences) == text
        assert "timestamp" not in bill["metadata"]
        assert "serialNumber" not in bill


def test_a_bill_that_is_not_valid_is_not_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sbom, "installed_licences", lambda: {"pkg:pypi/a2wsgi@1.10.10": "none"})
    packages = locked("runtime")
    assert packages["a2wsgi"][0] == "1.10.10"
    with pytest.raises(ValueError, match=r"runtime\.txt is no valid CycloneDX"):
        sbom.write(tmp_path)
    assert list(tmp_path.iterdir()) == []
