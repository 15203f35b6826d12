"""A secret that is planted in a copy of the repository's files is found, wherever it is."""

from __future__ import annotations

import base64
import secrets
import shutil
import string
import subprocess
from pathlib import Path

import pytest

from service_index.settings import PROJECT_ROOT
from supply_chain import secret_scan
from supply_chain.secret_scan import Finding, Known

SMALL = ("deploy", "plugins/service_index/sources", "docker-compose.yml")
LETTERS = string.ascii_uppercase + string.digits
# Made anew with every run, so that none stands in this file.
PLANTED = {
    "deploy/settings.py": (
        "AWS Access Key",
        lambda: f"account = 'AKIA{''.join(secrets.choice(LETTERS) for _ in range(16))}'",
    ),
    "docs/notes.md": (
        "Private Key",
        lambda: f"-----BEGIN {'RSA PRIVATE'} KEY-----\n{secrets.token_urlsafe(48)}",
    ),
    ".env.production": ("Secret Keyword", lambda: f"DB_{'PASSWORD'}={secrets.token_hex(4)}!zyx"),
    "plugins/service_index/sources/client.py": (
        "Base64 High Entropy String",
        lambda: (
            f"KEY = '{base64.b64encode(bytes(range(200, 248))).decode()}'  # {'pragma'}: "
            "allowlist secret"
        ),
    ),
    "tests/addresses.py": (
        "Basic Auth Credentials",
        lambda: f"url = 'https://index:{secrets.token_hex(8)}@host.example/api'",
    ),
}


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    """A repository with some of this one's files, committed."""
    for name in SMALL:
        source, target = PROJECT_ROOT / name, tmp_path / name
        target.parent.mkdir(parents=True, exist_ok=True)
        if source.is_dir():
            shutil.copytree(source, target, ignore=shutil.ignore_patterns("secrets", "__pycache__"))
        else:
            shutil.copy(source, target)
    git(tmp_path, "init", "--quiet")
    commit(tmp_path)
    return tmp_path


def git(repository: Path, *arguments: str) -> None:
    own = ["-c", "user.name=nobody", "-c", "user.email=nobody@example.org"]
    subprocess.run(["git", "-C", str(repository), *own, *arguments], check=True)


def commit(repository: Path) -> None:
    git(repository, "add", "--all")
    git(repository, "commit", "--quiet", "--message", "a state")


def append(repository: Path, name: str, text: str) -> int:
    """Add lines at a file's end; returns the number of the first."""
    path = repository / name
    path.parent.mkdir(parents=True, exist_ok=True)
    before = path.read_text(encoding="utf-8") if path.exists() else ""
    path.write_text(f"{before}{text}\n", encoding="utf-8")
    return before.count("\n") + 1


def test_a_planted_secret_is_found_and_not_repeated(
    copy: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert secret_scan.main([str(copy)]) == 0
    planted = {name: (kind, make()) for name, (kind, make) in PLANTED.items()}
    expected = [
        Finding(name, append(copy, name, text), kind) for name, (kind, text) in planted.items()
    ]
    git(copy, "add", "--all")
    capsys.readouterr()

    assert secret_scan.main([str(copy)]) == 1
    told = capsys.readouterr().err
    assert told.splitlines()[:-1] == [f"error: {finding}" for finding in sorted(expected)]
    for _, text in planted.values():
        assert text.splitlines()[-1].split("'")[-2 if "'" in text else 0] not in told


def test_a_secret_that_was_taken_out_again_is_still_found(copy: Path) -> None:
    name = "deploy/settings.py"
    append(copy, name, PLANTED[name][1]())
    commit(copy)
    (copy / name).unlink()
    commit(copy)
    findings, _ = secret_scan.scan(copy, secret_scan.read_known())
    assert [str(finding) for finding in findings] == [
        "an earlier version of deploy/settings.py: AWS Access Key"
    ]


def test_a_clone_without_its_history_says_so(
    copy: Path, tmp_path_factory: pytest.TempPathFactory, capsys: pytest.CaptureFixture[str]
) -> None:
    append(copy, "docs/page.md", "one more")
    commit(copy)
    shallow = tmp_path_factory.mktemp("clones") / "shallow"
    git(copy, "clone", "--quiet", "--depth", "1", f"file://{copy}", str(shallow))
    assert secret_scan.main([str(copy)]) == secret_scan.main([str(shallow)]) == 0
    whole, part = capsys.readouterr().out.splitlines()
    assert whole.endswith("nor in its history")
    assert part.endswith("history NOT READ: this clone is shallow")


def test_a_known_text_is_known_in_its_files_alone_and_an_idle_entry_is_told(copy: Path) -> None:
    known = secret_scan.read_known()
    line = append(copy, "docs/page.md", "https://client:client_" + "secret@host")
    git(copy, "add", "--all")
    idle = Known("never-written", "stands nowhere", ("*",))
    findings, unmatched = secret_scan.scan(copy, [*known, idle])
    assert findings == [Finding("docs/page.md", line, "Basic Auth Credentials")]
    assert idle in unmatched
    everywhere = Known("client_" + "secret", "an example", ("*",))
    assert secret_scan.scan(copy, [*known, everywhere])[0] == []


def test_every_known_text_has_a_reason(tmp_path: Path) -> None:
    path = tmp_path / "known_secrets.toml"
    path.write_text('[[known]]\ntext = "a"\nreason = " "\nwhere = ["*"]\n', encoding="utf-8")
    with pytest.raises(ValueError, match=r"known_secrets\.toml: entry 1 has no reason"):
        secret_scan.read_known(path)
    path.write_text('[[known]]\ntext = "a"\nwhere = ["*"]\n', encoding="utf-8")
    with pytest.raises(ValueError, match="reason"):
        secret_scan.read_known(path)
