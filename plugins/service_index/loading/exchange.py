"""The file by which an operator mends records: a line a record, with its place and its body.

It holds whole records, personal data included: its owner alone may read it, and it is never
written where something else is read from.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import IO, Any

import msgspec

from service_index.landing.files import read_records
from service_index.landing.limits import FileLimits
from service_index.loading.waiting import Waiting

_LARGEST_LINE = 2**31 - 1


class ExchangeError(Exception):
    """A file cannot be written or read; the message is one line and holds no record content."""


class MendedLine(msgspec.Struct, frozen=True):
    """What is read back of a line: the place that names the record, and the corrected body."""

    landed_file: str
    landed_line: int
    body: msgspec.Raw


_read_line = msgspec.json.Decoder(MendedLine).decode


def write(path: Path, records: Iterable[Waiting], forbidden: Sequence[Path]) -> int:
    """Write the records to a new file that only its owner can read; how many there are.

    No record: no file. Raises ExchangeError for a file that is there already, or lies in one of
    the `forbidden` folders.
    """
    path = path.expanduser()
    place = path.parent.resolve() / path.name
    for folder in forbidden:
        if place.is_relative_to(folder.resolve()):
            raise ExchangeError(
                f"{path} lies in {folder}, which others read: whole records do not belong there"
            )
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW
    try:
        descriptor = os.open(place, flags, 0o600)
    except FileExistsError:
        raise ExchangeError(f"{path} is there already: name a new file") from None
    except OSError as error:
        raise ExchangeError(f"{path} cannot be written: {error.strerror}") from None
    written = 0
    try:
        with os.fdopen(descriptor, "wb") as stream:
            for record in records:
                stream.write(_line(record) + b"\n")
                written += 1
    finally:
        if not written:
            place.unlink(missing_ok=True)
    return written


def _line(record: Waiting) -> bytes:
    """The body as it is where it is JSON, else null and the text beside it."""
    line: dict[str, Any] = {
        "record_id": record.record_id,
        "feed": record.feed,
        "rule": record.rule,
        "reason": record.reason,
        "landed_file": record.landed_file,
        "landed_line": record.landed_line,
        "body": None,
    }
    try:
        msgspec.json.decode(record.body)
        record.body.decode()
    except (ValueError, RecursionError):
        line["body_text"] = record.body.decode(errors="replace")
    else:
        # In valid JSON a line break stands between values alone.
        line["body"] = msgspec.Raw(record.body.replace(b"\n", b" ").replace(b"\r", b" "))
    return msgspec.json.encode(line)


def read(stream: IO[bytes], limits: FileLimits) -> Iterator[tuple[int, MendedLine | None]]:
    """Each line's number (blank ones are not counted) and content; None: it is not of the form.

    Raises UnreadableFileError for a line that is too large.
    """
    for number, line in enumerate(read_records("jsonl", stream, limits), start=1):
        try:
            read_line = _read_line(line)
        except (ValueError, RecursionError):
            yield number, None
        else:
            is_place = 0 < read_line.landed_line <= _LARGEST_LINE
            is_place = is_place and "\0" not in read_line.landed_file
            yield number, read_line if is_place else None
