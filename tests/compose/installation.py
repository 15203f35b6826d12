"""An installation of docker-compose.yml, with settings, secrets and a project name of its own."""

from __future__ import annotations

import json
import os
import socket
from pathlib import Path
from typing import Any

from tests.airflow_api import AirflowApi, token, wait_until
from tests.compose.engine import compose_command
from tests.compose.transcript import Transcript

# Ends every process whose title matches, of one's own container; says how many those were.
KILL = """
import os, pathlib, re, sys
ended = 0
for status in pathlib.Path("/proc").glob("[0-9]*/cmdline"):
    title = status.read_bytes().replace(b"\\0", b" ").decode()
    if re.match(sys.argv[1], title) and int(status.parent.name) != os.getpid():
        os.kill(int(status.parent.name), 9)
        ended += 1
print(ended)
"""


def free_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])


class Installation:
    """The compose file, started and looked at by the engine's own commands."""

    def __init__(self, transcript: Transcript, folder: Path, **settings: str) -> None:
        self.transcript = transcript
        self.secrets = folder / "secrets"
        self._env_file = folder / "settings.env"
        self.project = f"service-index-test-{os.getpid()}"
        self.airflow_port, self.site_port = free_port(), free_port()
        self._settings = {
            "SERVICE_INDEX_SECRETS": str(self.secrets),
            "SERVICE_INDEX_AIRFLOW_PORT": str(self.airflow_port),
            "SERVICE_INDEX_SITE_PORT": str(self.site_port),
            "COMPOSE_PROFILES": "sample",
            **settings,
        }
        transcript.run("deploy/make-secrets", "--sample", str(self.secrets))
        self.set()

    def set(self, **settings: str) -> None:
        """Change settings; they hold from the next `up` on."""
        self._settings |= settings
        lines = [f"{name}={value}" for name, value in self._settings.items()]
        self._env_file.write_text("\n".join([*lines, ""]), encoding="utf-8")

    def compose(self, *arguments: str, check: bool = True, is_quiet: bool = False) -> str:
        # What the environment of whoever runs this sets would win over the file.
        kept = {
            name: value
            for name, value in os.environ.items()
            if not name.startswith(("SERVICE_INDEX", "COMPOSE", "AIRFLOW"))
        }
        own = ("--project-name", self.project, "--env-file", str(self._env_file))
        return self.transcript.run(
            *compose_command(),
            *own,
            *arguments,
            leaving_out=own,
            # Only from here does the older compose take profiles.
            environment=kept | {"COMPOSE_PROFILES": self._settings["COMPOSE_PROFILES"]},
            check=check,
            is_quiet=is_quiet,
        )

    def up(self, *arguments: str) -> None:
        """Start everything and wait until all of it is healthy."""
        self.compose("up", "--detach", *arguments)
        try:
            wait_until(lambda: not self.unwell(), 300, every=2)
        except AssertionError:
            self.compose("ps", check=False)
            self.compose("logs", "--no-color", "--tail=20", *self.unwell(), check=False)
            raise
        self.compose("ps")

    def containers(self) -> dict[str, dict[str, Any]]:
        """What the engine knows of every container, by container name without the project's."""
        ids = self.compose("ps", "--all", "--quiet", is_quiet=True).split()
        told = self.transcript.run("docker", "inspect", *ids, is_quiet=True)
        return {self._service(each): each for each in json.loads(told)}

    def _service(self, container: dict[str, Any]) -> str:
        labels = container["Config"]["Labels"]
        number = labels["com.docker.compose.container-number"]
        name = str(labels["com.docker.compose.service"])
        return name if number == "1" else f"{name}-{number}"

    def unwell(self) -> list[str]:
        """Services that are not healthy, or that had one thing to do and did not do it."""

        def is_well(service: str, state: dict[str, Any]) -> bool:
            if service == "init":
                return state["Status"] == "exited" and state["ExitCode"] == 0
            return bool(state.get("Health", {}).get("Status") == "healthy")

        return [
            service
            for service, container in self.containers().items()
            if not is_well(service, container["State"])
        ]

    def execute(self, service: str, *command: str, is_quiet: bool = False) -> str:
        """The output of a command in a service's container."""
        return self.compose("exec", "-T", service, *command, is_quiet=is_quiet)

    def kill(self, service: str, title: str) -> int:
        """SIGKILL for the processes in a service's container whose titles match."""
        ended = int(self.execute(service, "python", "-c", KILL, title))
        self.transcript.say(f"{ended} processes '{title}' of {service} are killed")
        return ended

    def query(self, sql: str, *, is_quiet: bool = False) -> list[list[str]]:
        """Rows of the warehouse, as text."""
        answer = self.execute(
            *("warehouse", "psql", "-U", "service_index", "-d", "warehouse", "-AtF", "\t"),
            *("-c", sql),
            is_quiet=is_quiet,
        )
        return [line.split("\t") for line in answer.splitlines()]

    def airflow(self) -> AirflowApi:
        """Airflow's API, signed in as its administrator."""
        passwords = json.loads((self.secrets / "airflow_passwords.json").read_text("utf-8"))
        address = f"http://127.0.0.1:{self.airflow_port}"
        return AirflowApi(address, token(address, "admin", passwords["admin"]))

    def secret_texts(self) -> list[str]:
        """Every secret of the installation, each as it would be seen."""
        texts = [path.read_text("utf-8").strip() for path in sorted(self.secrets.iterdir())]
        assert texts
        passwords = json.loads((self.secrets / "airflow_passwords.json").read_text("utf-8"))
        return [*texts, *passwords.values(), "sample-secret"]

    def down(self) -> None:
        self.compose("down", "--volumes", "--remove-orphans", "--timeout", "20")
