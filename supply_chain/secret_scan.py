"""Looks for secrets in every tracked file, and in every line that any commit ever added.

detect-secrets looks; what it takes for a secret and is none stands in `known_secrets.toml`, with
a reason. What was found is told by its place, never by its text.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import tempfile
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path

import msgspec
from detect_secrets.core.potential_secret import PotentialSecret
from detect_secrets.core.secrets_collection import SecretsCollection
from detect_secrets.settings import default_settings

ROOT = Path(__file__).resolve().parents[1]
KNOWN = Path(__file__).with_name("known_secrets.toml")
# A lock is nothing but names and hashes (tests/unit/test_locks.py), and the scanner's own list is
# nothing but texts that are no secrets.
NOT_READ = ("requirements/*.txt", "supply_chain/known_secrets.toml")
# Comments that would switch the scanner off for a line: reasons stand in one place.
_NO_FILTER = "detect_secrets.filters.allowlist.is_line_allowlisted"


class Known(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A text that is no secret in files that match one of the patterns of `where`."""

    text: str
    reason: str
    where: tuple[str, ...]


class _File(msgspec.Struct, forbid_unknown_fields=True):
    known: list[Known] = []


@dataclass(frozen=True, order=True)
class Finding:
    """Something that looks like a secret; line 0: it is in the history, in the file no more."""

    path: str
    line: int
    kind: str

    def __str__(self) -> str:
        place = f"{self.path}:{self.line}" if self.line else f"an earlier version of {self.path}"
        return f"{place}: {self.kind}"


def read_known(path: Path = KNOWN) -> list[Known]:
    """The texts that are no secrets; raises ValueError, one line, for an entry without a reason."""
    try:
        known = msgspec.toml.decode(path.read_bytes(), type=_File).known
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise ValueError(f"{path.name}: {error}") from None
    for number, entry in enumerate(known, 1):
        if not entry.reason.strip():
            raise ValueError(f"{path.name}: entry {number} has no reason")
    return known


def scan(repository: Path, known: Sequence[Known]) -> tuple[list[Finding], list[Known]]:
    """What looks like a secret and is not known, and the entries that nothing matches any more.

    Raises CalledProcessError where `repository` is no git repository.
    """
    lines = _present(repository)
    in_file = {path: len(of_it) for path, of_it in lines.items()}
    for path, added in _ever_added(repository).items():
        present = set(lines[path])
        lines[path] += [line for line in added if line not in present]
    findings, matched = set(), set()
    for path, secret in _looks_like_secrets(lines):
        entries = {
            entry
            for entry in known
            if entry.text == secret.secret_value
            and any(fnmatchcase(path, pattern) for pattern in entry.where)
        }
        matched |= entries
        if not entries:
            number = secret.line_number if secret.line_number <= in_file.get(path, 0) else 0
            findings.add(Finding(path, number, secret.type))
    return sorted(findings), [entry for entry in known if entry not in matched]


def _looks_like_secrets(lines: dict[str, list[str]]) -> list[tuple[str, PotentialSecret]]:
    with tempfile.TemporaryDirectory() as folder, default_settings() as settings:
        settings.disable_filters(_NO_FILTER)
        for path, of_it in lines.items():
            copy = Path(folder, path)
            copy.parent.mkdir(parents=True, exist_ok=True)
            copy.write_text("\n".join(of_it), encoding="utf-8")
        collection = SecretsCollection(root=folder)
        collection.scan_files(*lines, num_processors=2)
        return list(collection)


def _present(repository: Path) -> defaultdict[str, list[str]]:
    """The lines of each tracked text file, as it lies there."""
    lines = defaultdict(list)
    for name in _git(repository, "ls-files", "-z").split("\0"):
        path = repository / name
        if name and _is_read(name) and path.is_file():
            content = path.read_bytes()
            if b"\0" not in content:
                lines[name] = content.decode("utf-8", "replace").split("\n")
    return lines


def _ever_added(repository: Path) -> dict[str, list[str]]:
    """The lines that the commits up to this one added, by file, each once and in order."""
    added: defaultdict[str, dict[str, None]] = defaultdict(dict)
    changes = _git(
        repository,
        *("-c", "core.quotePath=false", "log", "--patch", "--unified=0", "-m", "--format="),
        *("--no-color", "--no-ext-diff", "--no-textconv", "--no-renames"),
        *("--src-prefix=a/", "--dst-prefix=b/"),
    )
    name = ""
    for line in changes.split("\n"):
        if line.startswith("diff --git "):
            name = ""
        elif line.startswith("+++ b/"):
            name = line.removeprefix("+++ b/").rstrip("\t")
        elif name and line.startswith("+") and _is_read(name):
            added[name][line[1:]] = None
    return {name: list(lines) for name, lines in added.items()}


def _is_read(path: str) -> bool:
    return not any(fnmatchcase(path, pattern) for pattern in NOT_READ)


def _git(repository: Path, *arguments: str) -> str:
    done = subprocess.run(
        ["git", "-C", str(repository), *arguments], capture_output=True, check=True
    )
    return done.stdout.decode("utf-8", "replace")


def main(arguments: Sequence[str] | None = None) -> int:
    """0: nothing; 1: something looks like a secret, or the list of what is none is wrong."""
    parser = argparse.ArgumentParser(prog="make secrets")
    parser.add_argument("repository", nargs="?", type=Path, default=ROOT)
    options = parser.parse_args(arguments)
    try:
        findings, unmatched = scan(options.repository, read_known())
    except (ValueError, subprocess.CalledProcessError) as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    for finding in findings:
        print(f"error: {finding}", file=sys.stderr)
    if findings:
        print(
            "A secret that was committed is known: replace it where it is used, then take it out. "
            f"Where it is none, say why in supply_chain/{KNOWN.name}.",
            file=sys.stderr,
        )
    # Another repository need not have what this one has.
    stale = unmatched if options.repository == ROOT else []
    for entry in stale:
        print(f"error: {KNOWN.name}: nothing matches {entry.text!r} any more", file=sys.stderr)
    if findings or stale:
        return 1
    is_whole = _git(options.repository, "rev-parse", "--is-shallow-repository").strip() == "false"
    history = "nor in its history" if is_whole else "history NOT READ: this clone is shallow"
    print(f"no secret in any tracked file, {history}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
