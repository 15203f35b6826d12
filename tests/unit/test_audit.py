"""The audit of locked packages, against an index of this machine's own."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
import requests
from pip_audit._dependency_source import DependencySourceError
from requests.adapters import HTTPAdapter

from supply_chain import accepted
from supply_chain import audit as auditing
from supply_chain.accepted import Accepted
from supply_chain.audit import Index, NoSourceError

HASH = f"--hash=sha256:{'0' * 64}"
TODAY = datetime.now(UTC).date()
HOLE = {
    "id": "PYSEC-2026-1",
    "aliases": ["CVE-2026-1"],
    "details": "Anyone may\nread everything.",
    "fixed_in": ["3.1", "3.0.1"],
}
KNOWN_BAD = {"/pypi/pycrypto/json": {"info": {"version": "2.6.1"}, "vulnerabilities": [HOLE]}}


@contextmanager
def index_with(pages: dict[str, dict[str, Any]], folder: Path) -> Iterator[Index]:
    """An index that has these pages; what is asked of any other host is asked of it."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            page = pages.get(self.path)
            self.send_response(200 if page else 404)
            self.end_headers()
            self.wfile.write(json.dumps(page).encode() if page else b"")

        def log_message(self, *arguments: Any) -> None:
            """Says nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)

    class ToThisMachine(HTTPAdapter):
        def send(self, request: requests.PreparedRequest, *args: Any, **options: Any) -> Any:
            assert request.url
            request.url = f"http://127.0.0.1:{server.server_port}{urlsplit(request.url).path}"
            return super().send(request, *args, **options)

    threading.Thread(target=server.serve_forever, daemon=True).start()
    index = Index(folder / "cache")
    for session in (index.of_releases, index.of_projects):
        session.mount("https://", ToThisMachine())
    try:
        yield index
    finally:
        server.shutdown()
        server.server_close()


@pytest.fixture(autouse=True)
def no_wait_between_tries(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Index.query.retry, "wait", lambda state: 0)  # type: ignore[attr-defined]


def lock(folder: Path, *packages: str) -> list[Path]:
    path = folder / "lock.txt"
    path.write_text("".join(f"{package} {HASH}\n" for package in packages), encoding="utf-8")
    return [path]


def entry(**changes: Any) -> Accepted:
    fields = {"package": "one", "id": "CVE-2026-1", "reason": "never called", "until": TODAY}
    return Accepted(**(fields | changes))


def test_a_vulnerability_is_told_with_what_mends_it_unless_it_is_accepted(tmp_path: Path) -> None:
    pages = {
        "/pypi/one/3.0/json": {"info": {"version": "3.0"}, "vulnerabilities": [HOLE]},
        "/pypi/two/1.0/json": {"info": {"version": "1.0"}, "vulnerabilities": []},
    }
    with index_with(pages, tmp_path) as index:
        result = auditing.audit(lock(tmp_path, "one==3.0", "two==1.0"), index)

    assert result.judged == {"one": {"3.0"}, "two": {"1.0"}}
    assert auditing.complaints(result, []) == [
        "one 3.0 has PYSEC-2026-1, mended by 3.0.1 or 3.1: Anyone may read everything."
    ]
    for name in ("CVE-2026-1", "PYSEC-2026-1"):
        assert auditing.complaints(result, [entry(id=name)]) == []


def test_each_lock_may_hold_another_version(tmp_path: Path) -> None:
    pages = {
        f"/pypi/one/{version}/json": {"info": {"version": version}, "vulnerabilities": holes}
        for version, holes in (("3.0", [HOLE]), ("2.0", []))
    }
    (tmp_path / "other").mkdir()
    files = [*lock(tmp_path, "one==3.0"), *lock(tmp_path / "other", "one==2.0")]
    with index_with(pages, tmp_path) as index:
        result = auditing.audit(files, index)

    assert result.judged == {"one": {"2.0", "3.0"}}
    assert [line.split(",")[0] for line in auditing.complaints(result, [])] == [
        "one 2.0 and 3.0 has PYSEC-2026-1"
    ]


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"until": TODAY - timedelta(days=1)}, "was accepted until"),
        ({"until": TODAY + timedelta(days=185)}, "half a year is the most"),
        ({"reason": " "}, "without a reason"),
        ({"id": "CVE-2026-2"}, "no locked package has it: take it out"),
        ({"package": "two"}, "no locked package has it: take it out"),
        ({"package": "gone"}, "no locked package has it: take it out"),
    ],
)
def test_an_entry_that_is_over_or_matches_nothing_fails(
    tmp_path: Path, changes: dict[str, Any], told: str
) -> None:
    pages = {
        "/pypi/one/3.0/json": {"info": {"version": "3.0"}, "vulnerabilities": [HOLE]},
        "/pypi/two/1.0/json": {"info": {"version": "1.0"}, "vulnerabilities": []},
    }
    with index_with(pages, tmp_path) as index:
        result = auditing.audit(lock(tmp_path, "one==3.0", "two==1.0"), index)

    wrong = entry(**changes)
    lines = auditing.complaints(result, [entry(), wrong])
    assert len(lines) == 1
    assert lines[0].startswith(wrong.name)
    assert told in lines[0]


def test_without_pages_of_releases_the_latest_is_judged_and_no_other(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    pages = {
        "/pypi/latest/json": {"info": {"version": "3.0"}, "vulnerabilities": [HOLE]},
        "/pypi/older/json": {"info": {"version": "2.0"}, "vulnerabilities": []},
    }
    packages = lock(tmp_path, "latest==3.0", "older==1.0", "unheard-of==1.0")
    with index_with(pages, tmp_path) as index:
        result = auditing.audit(packages, index)

    assert result.judged == {"latest": {"3.0"}}
    assert result.unknown == {"older": {"1.0"}, "unheard-of": {"1.0"}}
    assert [name for name, _ in result.found] == ["latest"]
    # Of what cannot be looked for nobody can say that it is gone.
    assert auditing.complaints(result, [entry(package="latest"), entry(package="older")]) == []
    assert auditing.tell(result, []) == 0
    assert "NOT JUDGED: 2 packages" in capsys.readouterr().out


def test_a_source_that_knows_nothing_is_none(tmp_path: Path) -> None:
    with index_with(KNOWN_BAD, tmp_path) as index:
        index.check()
    silent = {"/pypi/pycrypto/2.6.1/json": {"info": {"version": "2.6.1"}, "vulnerabilities": []}}
    for number, pages in enumerate(({}, silent)):
        nothing = pytest.raises(NoSourceError, match=r"knows nothing bad of pycrypto 2\.6\.1")
        with index_with(pages, tmp_path / str(number)) as index, nothing:
            index.check()
    with pytest.raises(NoSourceError, match="does not answer"):
        index.check()


def test_where_nobody_can_be_asked_the_command_fails_or_says_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    with index_with({}, tmp_path) as index:
        monkeypatch.setattr(auditing, "Index", lambda: index)
        assert auditing.main([]) == auditing.NO_SOURCE
        assert auditing.main(["--without-source"]) == 0
    told = capsys.readouterr().err.splitlines()
    assert len(told) == 2
    assert all(line.startswith("NOT AUDITED: the package index knows nothing") for line in told)


def test_a_lock_without_hashes_is_refused(tmp_path: Path) -> None:
    bare = tmp_path / "bare.txt"
    bare.write_text("one==3.0\n", encoding="utf-8")
    with index_with({}, tmp_path) as index, pytest.raises(DependencySourceError, match="hash"):
        auditing.audit([bare], index)


def test_every_lock_is_audited() -> None:
    assert {path.name for path in auditing.locks()} == {
        *("benchmarks.txt", "clients.txt", "container.txt", "dbt-bouncer.txt"),
        *("development.txt", "installer.txt", "runtime.txt", "superset.txt"),
    }


def test_the_list_of_what_is_accepted_is_read(tmp_path: Path) -> None:
    accepted.read()
    path = tmp_path / "accepted.toml"
    # The example of the shipped file, as it is when it is taken in.
    example = accepted.FILE.read_text(encoding="utf-8").split("#\n")[1].replace("# ", "")
    path.write_text(example, encoding="utf-8")
    assert accepted.read(path)[0].until == date(2027, 3, 31)
    path.write_text(example.replace("reason", "because"), encoding="utf-8")
    with pytest.raises(ValueError, match=r"accepted\.toml: .*because"):
        accepted.read(path)
