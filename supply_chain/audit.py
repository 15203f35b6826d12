"""Holds every locked package against the vulnerabilities that the package index knows of.

pip-audit asks; what is here sees that no silence passes for an answer: pip-audit itself says "no
known vulnerabilities found" where an index has no page for a single release.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import UTC, datetime
from http import HTTPStatus
from pathlib import Path
from typing import Any

import requests
import tenacity
from packaging.version import Version
from pip_audit._audit import Auditor
from pip_audit._cache import caching_session
from pip_audit._dependency_source import DependencySourceError, RequirementSource
from pip_audit._service import PyPIService, ResolvedDependency, ServiceError

from supply_chain import accepted

REQUIREMENTS = Path(__file__).resolve().parents[1] / "requirements"
# Its last release, of 2013, has vulnerabilities that nobody will mend: an index that knows of none
# knows nothing.
KNOWN_BAD = ("pycrypto", "2.6.1")
NO_SOURCE = 3
_PATIENCE_SECONDS = 30


class NoSourceError(Exception):
    """Nothing that knows of vulnerabilities can be asked."""


@dataclass(frozen=True)
class Audit:
    """What was found: `judged` and `unknown` are packages, with their versions."""

    judged: dict[str, set[str]] = field(default_factory=dict)
    unknown: dict[str, set[str]] = field(default_factory=dict)
    found: list[tuple[str, Any]] = field(default_factory=list)


class Index:
    """The vulnerability pages of the package index, as pip-audit reads them.

    Where the index has no page for a release, the project's page stands in for it if that release
    is the project's latest: of no other does it tell.
    """

    def __init__(self, cache: Path | None = None) -> None:
        self._service = PyPIService(cache, _PATIENCE_SECONDS)
        self.of_projects: requests.Session = caching_session(cache)
        self.of_releases: requests.Session = self._service.session
        self.of_releases.hooks["response"].append(self._or_of_project)
        # The locks have most packages in common.
        self._answers: dict[tuple[str, str], Any] = {}

    @tenacity.retry(
        stop=tenacity.stop_after_attempt(3),
        wait=tenacity.wait_fixed(2),
        retry=tenacity.retry_if_exception_type((ServiceError, requests.RequestException)),
        reraise=True,
    )
    def query(self, package: Any) -> Any:
        """pip-audit's answer: the package (skipped where nothing is known) and what it has."""
        return self._service.query(package)

    def query_all(self, packages: Any) -> Any:
        """The answers in order, as pip-audit's auditor takes them."""
        with ThreadPoolExecutor(4) as pool:
            yield from pool.map(self._remembered, packages)

    def _remembered(self, package: Any) -> Any:
        key = (package.name, str(package.version))
        if key not in self._answers:
            self._answers[key] = self.query(package)
        return self._answers[key]

    def check(self) -> None:
        """Raises NoSourceError unless it knows of a vulnerability that everyone knows of."""
        name, version = KNOWN_BAD
        try:
            _, found = self.query(ResolvedDependency(name, Version(version)))
        except (ServiceError, requests.RequestException) as error:
            raise NoSourceError(
                f"the package index does not answer ({type(error).__name__})"
            ) from None
        if not found:
            raise NoSourceError(f"the package index knows nothing bad of {name} {version}")

    def _or_of_project(self, response: requests.Response, **options: Any) -> requests.Response:
        if response.status_code != HTTPStatus.NOT_FOUND:
            return response
        project, _, release = response.url.removesuffix("/json").rpartition("/")
        page = self.of_projects.get(f"{project}/json", timeout=_PATIENCE_SECONDS)
        if page.status_code == HTTPStatus.NOT_FOUND:
            return response
        page.raise_for_status()
        is_latest = Version(page.json()["info"]["version"]) == Version(release)
        return page if is_latest else response


def locks() -> list[Path]:
    """The locks in requirements/, each beside the file that it is made from."""
    return [path.with_suffix(".txt") for path in sorted(REQUIREMENTS.glob("*.in"))]


def audit(files: Sequence[Path], index: Index) -> Audit:
    """Ask for every package of the locks that this Python would install; each is an environment of
    its own, so one may hold another version of a package.

    Raises DependencySourceError for a lock that is not whole, ServiceError or RequestException
    when the index stops answering.
    """
    result = Audit()
    found: dict[tuple[str, str], Any] = {}
    for file in files:
        source = RequirementSource([file], require_hashes=True, no_deps=True, disable_pip=True)
        versions = {package.name: str(package.version) for package in source.collect()}
        for package, of_it in Auditor(index).audit(source):
            known = result.unknown if package.is_skipped() else result.judged
            known.setdefault(package.name, set()).add(versions[package.name])
            found |= {(package.name, vulnerability.id): vulnerability for vulnerability in of_it}
    result.found.extend((name, vulnerability) for (name, _), vulnerability in found.items())
    return result


def complaints(result: Audit, entries: Sequence[accepted.Accepted]) -> list[str]:
    """A line for each vulnerability that is not accepted, and for each entry that is wrong."""
    told = []
    matched = {entry for entry in entries if entry.package in result.unknown}
    for name, vulnerability in result.found:
        of_it = {
            entry
            for entry in entries
            if entry.package == name and vulnerability.has_any_id({entry.id})
        }
        matched |= of_it
        if not of_it:
            fixed = " or ".join(map(str, vulnerability.fix_versions)) or "no version yet"
            told.append(
                f"{_with_versions(name, result.judged)} has {vulnerability.id}, mended by {fixed}: "
                f"{vulnerability.description[:200]}"
            )
    return told + accepted.faults(entries, matched, datetime.now(UTC).date())


def _with_versions(name: str, known: dict[str, set[str]]) -> str:
    return f"{name} {' and '.join(sorted(known[name]))}"


def main(arguments: Sequence[str] | None = None) -> int:
    """0: nothing known; 1: a vulnerability or a wrong entry; 3: nobody could be asked."""
    parser = argparse.ArgumentParser(prog="make audit")
    parser.add_argument(
        "--without-source",
        action="store_true",
        help="where nothing that knows of vulnerabilities can be asked, say so and succeed",
    )
    options = parser.parse_args(arguments)
    try:
        entries = accepted.read()
        index = Index()
        index.check()
        result = audit(locks(), index)
    except (NoSourceError, ServiceError, requests.RequestException) as error:
        reason = str(error) if isinstance(error, NoSourceError) else type(error).__name__
        print(
            f"NOT AUDITED: {reason}; try again where the index's JSON pages can be read",
            file=sys.stderr,
        )
        return 0 if options.without_source else NO_SOURCE
    except (ValueError, DependencySourceError) as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    return tell(result, complaints(result, entries))


def tell(result: Audit, told: Sequence[str]) -> int:
    """Print what was found, and what could not be looked for."""
    for line in told:
        print(f"error: {line}", file=sys.stderr)
    if result.unknown:
        packages = ", ".join(_with_versions(name, result.unknown) for name in result.unknown)
        print(
            f"NOT JUDGED: {len(result.unknown)} packages, of whose locked release this index tells "
            f"nothing (it tells of the latest alone): {packages}"
        )
    print(f"{len(result.judged)} locked packages audited: {len(told) or 'no'} complaints")
    return 1 if told else 0


if __name__ == "__main__":
    sys.exit(main())
