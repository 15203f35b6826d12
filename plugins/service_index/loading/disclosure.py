"""What may be shown of a record in quarantine: fields and shapes, and few values.

A record is refused because something in it is not as agreed, so a field's name is no proof of what
is in it: columns shift, and a name stands where a code belongs. A value is shown only where the
contract loads the field into raw (which holds no personal data) and the value itself looks like a
code, a date or an amount.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import msgspec

from service_index.loading.contract import Contract
from service_index.loading.reader import MAX_RECORD_BYTES

# Codes are ASCII; names have several words or an accent.
_CODE = re.compile(r"[!-~]{1,64}")
# Phone, identity and account numbers have 9 to 13 digits, dates 8 and instants 14. Only a phone
# number is known by its beginning, so that a dossier's 250701-000123 passes.
_NUMBER_OF_A_PERSON = re.compile(r"(?<!\d)\d{9,13}(?!\d)|(?<!\d)(?:84|0)(?:[.\-()/]*\d){9}(?!\d)")
_NAME_OF_A_FIELD = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,63}")
FIELDS_SHOWN = 100


@dataclass(frozen=True)
class ShownField:
    """A field of a record: its value as JSON text, or only what it looks like.

    `kind` is the class of personal data, `unknown` for a field that the contract does not have,
    or None.
    """

    name: str
    kind: str | None
    shown: str


def shown_fields(body: bytes, contract: Contract | None) -> Iterator[ShownField]:
    """The record's fields, no more than FIELDS_SHOWN; of no JSON object only its size.

    Without a contract every field is unknown.
    """
    if len(body) > MAX_RECORD_BYTES:
        yield ShownField("(record)", None, f"{len(body):,} bytes, too large to look into")
        return
    try:
        record = msgspec.json.decode(body)
    except (ValueError, RecursionError):
        yield ShownField("(record)", None, f"{len(body):,} bytes, not valid JSON")
        return
    if not isinstance(record, dict):
        yield ShownField("(record)", None, shape(record))
        return
    for number, (name, value) in enumerate(record.items(), start=1):
        if number > FIELDS_SHOWN:
            yield ShownField("(more)", None, f"{len(record) - FIELDS_SHOWN:,} further fields")
            return
        yield _field(number, name, value, contract)


def shown_text(text: str | None) -> str:
    """A record's key, as far as it looks like a key."""
    if text is None:
        return "–"
    return text if _may_be_shown(text) else shape(text)


def tells_a_person(text: str) -> bool:
    """Whether it holds a mail address, or what may be a phone, identity or account number."""
    return "@" in text or bool(_NUMBER_OF_A_PERSON.search(text))


def shape(value: object) -> str:
    """What kind of value it is, and how long: nothing of what it says."""
    match value:
        case None:
            return "null"
        case bool():
            return "true or false"
        case int() | float():
            return "number"
        case str():
            letters = sum(character.isalpha() for character in value)
            digits = sum(character.isdigit() for character in value)
            return f"text, {len(value):,} characters ({letters:,} letters, {digits:,} digits)"
        case list():
            return f"list of {len(value):,}"
        case _:
            return f"object of {len(value):,} fields" if isinstance(value, dict) else "value"


def _field(number: int, name: str, value: Any, contract: Contract | None) -> ShownField:
    known = contract.record.__struct_fields__ if contract else ()
    if contract is None or name not in known:
        # Also an unknown field's name may be somebody's.
        plain = name if _NAME_OF_A_FIELD.fullmatch(name) else f"(field {number})"
        return ShownField(plain, "unknown", shape(value))
    if name in contract.personal_fields:
        return ShownField(name, contract.personal_fields[name].value, shape(value))
    loaded = {converter.field for converter in contract.converters.values()}
    if name in loaded and isinstance(value, str) and (not value or _may_be_shown(value)):
        return ShownField(name, None, f'"{value}"')
    return ShownField(name, None, shape(value))


def _may_be_shown(text: str) -> bool:
    return bool(_CODE.fullmatch(text)) and not tells_a_person(text)
