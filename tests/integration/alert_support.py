"""Those who are told: a mail server and a webhook in the test's process; and whoever runs DAGs."""

from __future__ import annotations

import email
import email.policy
import json
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from aiosmtpd.controller import Controller

from service_index.warehouse import embedded

MAIL_FROM, MAIL_TO = "index@province.example", "duty@province.example"
UNATTENDED = Path(__file__).with_name("unattended.py")


@dataclass(frozen=True)
class Message:
    """A message as it arrived."""

    subject: str
    text: str

    def part(self, name: str) -> str:
        """What follows a line's label: What, Since, It blocks, To mend it, More."""
        found = [line for line in self.text.splitlines() if line.startswith(f"{name}: ")]
        assert len(found) == 1, self.text
        return found[0].removeprefix(f"{name}: ")


@dataclass
class Duty:
    """What has arrived, by mail and by webhook, since it was last read."""

    mails: list[Message] = field(default_factory=list)
    posts: list[Message] = field(default_factory=list)
    mail_port: int = 0
    web_port: int = 0

    @property
    def addresses(self) -> str:
        """As they stand in the installation's file."""
        return (
            "# The duty officer's mail, and the room's screen.\n"
            f"mailto://127.0.0.1:{self.mail_port}?from={MAIL_FROM}&to={MAIL_TO}\n\n"
            f"json://user:secret-word@127.0.0.1:{self.web_port}/secret-path\n"
        )

    def told(self) -> list[Message]:
        """What came since, the same by both ways; the next call gives what comes then."""
        mails, posts = list(self.mails), list(self.posts)
        self.mails.clear()
        self.posts.clear()
        assert mails == posts
        return mails

    def told_once(self) -> Message:
        """The one message that came."""
        messages = self.told()
        assert len(messages) == 1, [message.subject for message in messages]
        return messages[0]

    def assert_told_the_end_of(self, beginning: Message) -> None:
        """One message came, and it says that what began is over."""
        end = self.told_once()
        headline = beginning.subject.removeprefix("Service index: ")
        assert end.subject == f"Service index: over: {headline}"
        since = beginning.part("Since")
        assert end.text.startswith(f"It began at {since} and lasted ")

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:  # noqa: N802
        """aiosmtpd's hook: a mail has come."""
        mail = email.message_from_bytes(envelope.content, policy=email.policy.default)
        assert envelope.rcpt_tos == [MAIL_TO]
        assert mail.get_content_type() == "text/plain"
        self.mails.append(Message(str(mail["Subject"]), _lines(mail.get_content())))
        return "250 OK"


def _lines(text: str) -> str:
    return "\n".join(line.rstrip() for line in text.strip().splitlines())


@contextmanager
def duty_officer() -> Iterator[Duty]:
    """A real mail server and a real webhook."""
    duty = Duty()

    class Webhook(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            duty.posts.append(Message(body["title"], _lines(body["message"])))
            self.send_response(200)
            self.end_headers()

        def log_message(self, format: str, *args: Any) -> None:
            pass

    # The mail server knocks at its own port and cannot be given just any.
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        duty.mail_port = free.getsockname()[1]
    mail_server = Controller(duty, hostname="127.0.0.1", port=duty.mail_port)
    web_server = ThreadingHTTPServer(("127.0.0.1", 0), Webhook)
    thread = threading.Thread(target=web_server.serve_forever)
    mail_server.start()
    thread.start()
    duty.web_port = web_server.server_port
    try:
        yield duty
    finally:
        web_server.shutdown()
        thread.join()
        web_server.server_close()
        mail_server.stop()


@dataclass
class Unattended:
    """Runs the real DAGs in the real Airflow with nobody waiting at a terminal."""

    process: subprocess.Popen[str]
    home: Path

    def run(self, dag: str, *, is_attended: bool = False, **conf: Any) -> str | None:
        """One run, in the test's present environment; why it failed, or None."""
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        environment = {
            name: value
            for name, value in os.environ.items()
            if name.startswith(("AIRFLOW_CONN", "SERVICE_INDEX"))
        }
        asked = {
            "dag": dag,
            "conf": conf,
            "environment": environment,
            "is_attended": is_attended,
        }
        self.process.stdin.write(json.dumps(asked) + "\n")
        self.process.stdin.flush()
        answer = self.process.stdout.readline()
        assert answer, "the program that runs DAGs has ended"
        failed = json.loads(answer)
        assert failed is None or isinstance(failed, str)
        return failed


@contextmanager
def unattended(**environment: str) -> Iterator[Unattended]:
    """The program, and an Airflow of its own; `environment` is for that alone."""
    # Not pytest's own folder: a Unix socket's path may have 107 bytes at most.
    home = Path(tempfile.mkdtemp(prefix="si-alerts-"))
    home.chmod(0o755)
    # A new server restarts once, which whoever else asks for it must not meet.
    embedded.ensure_running(home)
    process = subprocess.Popen(
        [sys.executable, str(UNATTENDED)],
        env=os.environ | environment | {"SERVICE_INDEX_HOME": str(home)},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        yield Unattended(process, home)
    finally:
        assert process.stdin is not None
        process.stdin.close()
        process.wait(timeout=60)
        embedded.stop(home)
        shutil.rmtree(home, ignore_errors=True)
