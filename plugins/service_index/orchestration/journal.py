"""What a command says, once more as JSON: a line each in `logs/service-index.jsonl`."""

from __future__ import annotations

import json
import logging
import uuid
from datetime import UTC, date, datetime
from logging.handlers import RotatingFileHandler
from pathlib import Path

FILE_NAME = "service-index.jsonl"
# Some ten thousand lines a file; a nightly run at a terminal writes about a hundred.
_MAX_BYTES = 5_000_000
_FILES_KEPT = 5


class Journal:
    """The lines of one command, all with the same `run`. Its file is made with the first line."""

    def __init__(self, home: Path) -> None:
        self.path = home / "logs" / FILE_NAME
        self._run = uuid.uuid4().hex
        self._handler: RotatingFileHandler | None = None

    def write(self, event: str, level: str, fields: dict[str, object]) -> None:
        """Add a line: `timestamp` (UTC), `level`, `event`, `run`, and the fields."""
        line = {
            "timestamp": datetime.now(UTC).isoformat(),
            "level": level,
            "event": event,
            "run": self._run,
            **fields,
        }
        text = json.dumps(line, ensure_ascii=False, default=_as_text)
        self._file().emit(logging.makeLogRecord({"msg": text}))

    def _file(self) -> RotatingFileHandler:
        if self._handler is None:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            self._handler = RotatingFileHandler(
                self.path, maxBytes=_MAX_BYTES, backupCount=_FILES_KEPT, encoding="utf-8"
            )
        return self._handler


def _as_text(value: object) -> str:
    return value.isoformat() if isinstance(value, date) else str(value)
