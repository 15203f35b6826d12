"""From the source's text to the text form that PostgreSQL's COPY reads.

A converter belongs to one field of one feed. It is a dict from source text to COPY text that
fills itself, so that a value met before costs one look-up and no Python call. Every problem is
raised as `Refused` with a rule and a reason that name the field and never hold its value.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterable, Mapping
from datetime import date, datetime, timedelta, timezone

NULL = r"\N"
TRUE = "t"
FALSE = "f"
EMPTY_ARRAY = "{}"

SATISFACTION = ("RHL", "HL", "BT", "KHL", "RKHL")

CODE_LENGTH = 200
TEXT_LENGTH = 2_000

# Values of a column repeat (codes, names, days); the bound keeps hostile variety out of memory.
REMEMBERED_VALUES = 20_000
REMEMBERED_LENGTH = 200

# Older years are some system's way of writing "no date" (0001-01-01).
EARLIEST_YEAR = "1900"

_NO_BREAK_SPACES = str.maketrans(dict.fromkeys("\u00a0\u2007\u202f\ufeff", " "))
_LINE_BREAKS = str.maketrans(dict.fromkeys("\t\n\r\v\f\u0085\u2028\u2029", " "))
_INDOCHINA_TIME = timezone(timedelta(hours=7))
_CONTROL_CHARACTERS = re.compile(r"[\x00-\x1f\x7f-\x9f]")
_DIGITS = re.compile(r"[0-9]+")
_LONGEST_AMOUNT = 15


class Refused(Exception):  # noqa: N818 - a verdict on a record, not a fault of the program
    """A record that the contract refuses: `rule` is its code, `reason` one line for people."""

    def __init__(self, rule: str, reason: str, *, is_retryable: bool = False) -> None:
        super().__init__(rule, reason)
        self.rule = rule
        self.reason = reason
        self.is_retryable = is_retryable


Parse = Callable[[str, str], str]


class Converter(dict[str | None, str]):
    """Source text of one field → COPY text, filled on demand.

    `field` is the source's name. A missing value (None, "", blanks) becomes `missing`, or is
    refused where the field is required. `parse` takes the normalised text and the field's name
    (for its reasons). Fields whose values hardly repeat are not remembered.
    """

    def __init__(
        self,
        field: str,
        parse: Parse,
        *,
        is_key: bool = False,
        is_required: bool = False,
        missing: str = NULL,
        remember: bool = True,
    ) -> None:
        super().__init__()
        self.field = field
        self.is_key = is_key
        self.is_required = is_key or is_required
        self._parse = parse
        self.missing = missing
        self._remember = remember
        if not self.is_required:
            self.update({None: missing, "": missing})

    def __missing__(self, source: str | None) -> str:
        text = normalise(source) if source else ""
        if text:
            value = self._parse(text, self.field)
        elif self.is_required:
            rule = "missing_key" if self.is_key else "missing_field"
            raise Refused(rule, f"{self.field} is missing")
        else:
            value = self.missing
        if (
            self._remember
            and len(self) < REMEMBERED_VALUES
            and (source is None or len(source) <= REMEMBERED_LENGTH)
        ):
            self[source] = value
        return value


def normalise(text: str) -> str:
    """NFC, no-break spaces as spaces, trimmed (the contract's rule for comparing text)."""
    if not text.isascii():
        text = unicodedata.normalize("NFC", text).translate(_NO_BREAK_SPACES)
    return text.strip()


def clean_text(text: str, field: str, longest: int = TEXT_LENGTH) -> str:
    """Normalised text that any reader can show: line breaks as spaces, no control characters."""
    if len(text) > longest:
        raise Refused("text_too_long", f"{field} is longer than {longest} characters")
    if not text.isprintable():
        text = text.translate(_LINE_BREAKS).strip()
        if _CONTROL_CHARACTERS.search(text):
            raise Refused("control_character", f"{field} holds a control character")
    return text


def is_before(first: str, second: str) -> bool:
    """Both instants (or both days), as COPY text, are present and the first is earlier."""
    return first < second and NULL not in (first, second)


def copy_instant(moment: datetime) -> str:
    """An aware instant as `instant` gives it, rounded up to the second: no instant of a record
    lies between the two."""
    if moment.microsecond:
        moment = moment.replace(microsecond=0) + timedelta(seconds=1)
    return moment.astimezone(_INDOCHINA_TIME).strftime("%Y%m%dT%H%M%S+07")


def copy_text(text: str) -> str:
    """Clean text as COPY reads it (tabs and line breaks are gone already)."""
    return text.replace("\\", "\\\\") if "\\" in text else text


def copy_array(items: Iterable[str]) -> str:
    """A PostgreSQL text[] in COPY form, of items made by `array_item`."""
    return "{" + ",".join(items) + "}"


def array_item(text: str) -> str:
    """Clean text as an item of a text[] in COPY form: quoted for the array, then for COPY."""
    return copy_text('"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"')


class _Hours(dict[str, str]):
    """`yyyyMMddHH` → `yyyyMMddTHH`; ValueError for what is no hour since 1900."""

    def __missing__(self, digits: str) -> str:
        if not (len(digits) == 10 and _DIGITS.fullmatch(digits) and digits >= EARLIEST_YEAR):
            raise ValueError("not yyyyMMddHH")
        text = f"{digits[:8]}T{digits[8:]}"
        datetime.fromisoformat(text)
        if len(self) < REMEMBERED_VALUES:
            self[digits] = text
        return text


class _Minutes(dict[str, str]):
    """`mmss` → `mmss+07` (3,600 at most); ValueError for any other text."""

    def __missing__(self, digits: str) -> str:
        if not (len(digits) == 4 and _DIGITS.fullmatch(digits) and max(digits[::2]) < "6"):
            raise ValueError("not mmss")
        text = self[digits] = digits + "+07"
        return text


_hours = _Hours()
_minutes = _Minutes()


class InstantConverter(Converter):
    """`yyyyMMddHHmmss` → `yyyyMMddTHHmmss+07`: Indochina Time has no daylight saving."""

    def __init__(self, field: str, *, is_required: bool = False) -> None:
        super().__init__(field, _refuse_instant, is_required=is_required, remember=False)

    def __missing__(self, source: str | None) -> str:
        if source:
            try:
                return _hours[source[:10]] + _minutes[source[10:]]
            except ValueError:
                pass
        text = normalise(source or "")
        return super().__missing__(source) if text == source else self[text]


def optional_instants(sources: Iterable[str | None]) -> list[str]:
    """Several optional instants at once; ValueError where one is not plainly an instant.

    Instants are most of a record's values and hardly repeat, but their halves do: this takes half
    the time of asking each field's converter.
    """
    hours, minutes = _hours, _minutes
    return [hours[source[:10]] + minutes[source[10:]] if source else NULL for source in sources]


def _refuse_instant(text: str, field: str) -> str:
    raise Refused("invalid_instant", f"{field} is not an instant of the form yyyyMMddHHmmss")


def _day(text: str, field: str) -> str:
    if len(text) == 8 and text.isdigit() and text >= EARLIEST_YEAR:
        try:
            return date.fromisoformat(text).isoformat()
        except ValueError:
            pass
    raise Refused("invalid_date", f"{field} is not a date of the form yyyyMMdd")


def code(field: str, *, is_key: bool = False, is_required: bool = False) -> Converter:
    """A code or identifier, taken as it is."""

    def parse(text: str, field: str) -> str:
        return copy_text(clean_text(text, field, CODE_LENGTH))

    # Keys are distinct by nature.
    return Converter(field, parse, is_key=is_key, is_required=is_required, remember=not is_key)


def procedure_code(field: str, *, is_key: bool = False, is_required: bool = False) -> Converter:
    """A procedure's code without its provincial suffix: `1.001193.000.00.00.H99` → `1.001193`."""

    def parse(text: str, field: str) -> str:
        return copy_text(".".join(clean_text(text, field, CODE_LENGTH).split(".")[:2]))

    return Converter(field, parse, is_key=is_key, is_required=is_required)


def text(field: str) -> Converter:
    """A name or title."""
    return Converter(field, lambda text, field: copy_text(clean_text(text, field)))


def instant(field: str, *, is_required: bool = False) -> Converter:
    """`yyyyMMddHHmmss` in Indochina Time."""
    return InstantConverter(field, is_required=is_required)


def day(field: str, *, is_key: bool = False) -> Converter:
    """`yyyyMMdd`."""
    return Converter(field, _day, is_key=is_key)


def day_or_instant(field: str) -> Converter:
    """`yyyyMMdd`, or `yyyyMMddHHmmss` of which only the day (of Indochina Time) is kept."""
    instants = InstantConverter(field)

    def parse(text: str, field: str) -> str:
        return _day(instants[text][:8] if len(text) == 14 else text, field)

    return Converter(field, parse)


def choice(
    field: str, values: Mapping[str, str], *, is_required: bool = False, missing: str = NULL
) -> Converter:
    """One of a closed list; `values` says what each is in the warehouse (keys in NFC)."""

    def parse(text: str, field: str) -> str:
        value = values.get(text)
        if value is None:
            raise Refused("unknown_value", f"{field} is none of its known values")
        return value

    return Converter(field, parse, is_required=is_required, missing=missing)


def number(field: str, *values: int, is_required: bool = False) -> Converter:
    """One of a closed list of numbers."""
    return choice(field, {str(v): str(v) for v in values}, is_required=is_required)


def flag(field: str, *, is_required: bool = False, missing: str = NULL) -> Converter:
    """0 or 1."""
    return choice(field, {"0": FALSE, "1": TRUE}, is_required=is_required, missing=missing)


def satisfaction(field: str, *, is_required: bool = False) -> Converter:
    """The five degrees of satisfaction, from RHL (very satisfied) to RKHL (very dissatisfied)."""
    return choice(field, {degree: degree for degree in SATISFACTION}, is_required=is_required)


def amount(field: str, *, missing: str = NULL) -> Converter:
    """Whole đồng: digits and nothing else.

    Grouped or decimal spellings (`1.234,56`, `1,234.56`, `1.234`) are refused, not guessed at: a
    fee a thousand times too small is worse than one that waits in quarantine.
    """

    def parse(text: str, field: str) -> str:
        if len(text) > _LONGEST_AMOUNT or not _DIGITS.fullmatch(text):
            raise Refused("invalid_amount", f"{field} is not a whole number of đồng")
        return str(int(text))

    return Converter(field, parse, missing=missing)


def code_list(field: str) -> Converter:
    """Codes separated by `;`, order kept; missing is the empty list."""

    def parse(text: str, field: str) -> str:
        items = (normalise(item) for item in text.split(";"))
        return copy_array(
            array_item(clean_text(item, field, CODE_LENGTH)) for item in items if item
        )

    return Converter(field, parse, missing=EMPTY_ARRAY)


def code_item(field: str) -> Converter:
    """A code as an item for `copy_array`; missing is the empty text."""

    def parse(text: str, field: str) -> str:
        return array_item(clean_text(text, field, CODE_LENGTH))

    return Converter(field, parse, missing="")
