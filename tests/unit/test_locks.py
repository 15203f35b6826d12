"""The locks are whole, and nothing is installed by anything else."""

from __future__ import annotations

import re
from collections import defaultdict
from pathlib import Path

import pytest

from service_index.settings import PROJECT_ROOT

REQUIREMENTS = PROJECT_ROOT / "requirements"
NAMES = [path.stem for path in sorted(REQUIREMENTS.glob("*.in"))]
PINNED = re.compile(r"(?P<name>[a-z0-9-]+)(\[[a-z0-9,-]+\])?==(?P<version>[^\s;]+)( ; [^\\]+)? \\")
HASH = re.compile(r" {4}--hash=sha256:[0-9a-f]{64}( \\)?")
COMMENT = re.compile(r" {4}#( .*)?")


def read_lock(name: str) -> dict[str, tuple[str, list[str]]]:
    """Version and hashes of each package; fails on a line that is none of theirs."""
    packages: dict[str, tuple[str, list[str]]] = {}
    of_it: list[str] = []
    for line in (REQUIREMENTS / f"{name}.txt").read_text(encoding="utf-8").splitlines():
        if COMMENT.fullmatch(line):
            continue
        if pinned := PINNED.fullmatch(line):
            assert pinned["name"] not in packages, line
            of_it = []
            packages[pinned["name"]] = (pinned["version"], of_it)
        else:
            assert HASH.fullmatch(line), f"{name}.txt: {line}"
            of_it.append(line.strip().removeprefix("--hash=").removesuffix(" \\"))
    return packages


@pytest.mark.parametrize("name", NAMES)
def test_every_package_has_one_version_and_hashes(name: str) -> None:
    packages = read_lock(name)
    assert packages
    assert [package for package, (_, hashes) in packages.items() if not hashes] == []


def test_a_package_has_the_same_version_and_hashes_in_every_lock() -> None:
    """So the image runs what was tested; but for tools that have an environment to themselves."""
    seen = defaultdict(set)
    for name in {*NAMES} - {"clients", "dbt-bouncer", "superset"}:
        for package, (version, hashes) in read_lock(name).items():
            seen[package].add((version, tuple(hashes)))
    assert {package: found for package, found in seen.items() if len(found) > 1} == {}


def test_every_direct_requirement_is_locked() -> None:
    for name in NAMES:
        text = (REQUIREMENTS / f"{name}.in").read_text(encoding="utf-8")
        wanted = set(re.findall(r"^[a-z][a-z0-9-]*", text, re.MULTILINE))
        assert wanted <= read_lock(name).keys(), name


@pytest.mark.parametrize("path", ["Makefile", "deploy/Dockerfile", ".ci/run"])
def test_what_is_installed_is_held_against_its_hash(path: str) -> None:
    """But for the project itself, which brings nothing with it."""
    text = (PROJECT_ROOT / path).read_text(encoding="utf-8").replace("\\\n", " ")
    installs = [line for line in text.splitlines() if re.search(r"\bpip3? +install\b", line)]
    assert installs or path == ".ci/run"
    for line in installs:
        for command in re.split(r"&&|\|\||;", line):
            if re.search(r"\bpip3? +install\b", command):
                is_own = "--no-deps" in command and re.search(r"--editable \.\s*$", command)
                assert is_own or re.search(r"--require-hashes\b.* -r \S+", command), command


def test_no_file_of_the_repository_names_an_index_of_its_own() -> None:
    """What an index is called is the machine's to say; hashes hold whichever it is."""
    for path in [*REQUIREMENTS.iterdir(), Path(PROJECT_ROOT, "Makefile")]:
        text = path.read_text(encoding="utf-8")
        assert not re.search(
            r"--(extra-)?index-url|--find-links|--trusted-host|https?://\S+simple", text
        )
