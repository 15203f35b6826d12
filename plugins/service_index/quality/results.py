"""What a gate says: values only, so that they can be stored, shown and compared."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Literal

from expectations.vocabulary import ScopeItem, Severity

Gate = Literal["batch", "marts"]
# What a line on the terminal can hold; the report and `ops.check` have them all.
NAMES_TOLD = 8
# How bad it is, at the end of a name.
_EXTENT = re.compile(r" (?:short )?by (\d+) (?:%|points)$")


class GateError(Exception):
    """The gate could not be run to its end; nothing has passed. The message is one line.

    `public` is what of it may be sent to people: the database's words can quote a row.
    """

    def __init__(self, message: str, public: str | None = None) -> None:
        super().__init__(message)
        self.public = public or message


@dataclass(frozen=True)
class CheckResult:
    """The answer of one check.

    `rows` and `violations` are counted for failed checks only; `violations_by_item` names the
    batches or months in which they lie, `names` what to look for: keys, days, codes of units.
    Values of the records are never kept.
    """

    suite: str
    name: str
    severity: Severity
    reason: str
    passed: bool
    rows: int | None = None
    violations: int | None = None
    violations_by_item: dict[ScopeItem, int] = field(default_factory=dict)
    names: tuple[str, ...] = ()
    # Why a person lets it pass all the same, who and when.
    overridden_because: str | None = None

    @property
    def refuses(self) -> bool:
        return not self.passed and self.severity == "fail" and self.overridden_because is None

    @property
    def warns(self) -> bool:
        return not self.passed and self.severity == "warn"

    def observed(self) -> dict[str, object]:
        """The counts as they are stored in `ops.check.observed`."""
        if self.passed:
            return {}
        counts = {
            "rows": self.rows,
            "violations": self.violations,
            "violations_by_item": {str(k): v for k, v in self.violations_by_item.items()},
        }
        return counts | ({"names": list(self.names)} if self.names else {})

    def told(self) -> str:
        """The check, what to look for and why, in one line."""
        names = ", ".join(self.names[:NAMES_TOLD])
        more = f" … +{len(self.names) - NAMES_TOLD}" if len(self.names) > NAMES_TOLD else ""
        return f"{self.name}{': ' if names else ''}{names}{more} ({self.reason})"


@dataclass(frozen=True)
class GateResult:
    """One gate run; `refused` holds the batches that it turned away (none for the marts)."""

    gate_run_id: int
    gate: Gate
    ran_at: datetime
    checks: tuple[CheckResult, ...]
    refused: tuple[int, ...]
    report_path: Path

    @property
    def passed(self) -> bool:
        return not any(check.refuses for check in self.checks)

    @property
    def failures(self) -> tuple[CheckResult, ...]:
        return tuple(check for check in self.checks if check.refuses)

    @property
    def warnings(self) -> tuple[CheckResult, ...]:
        return tuple(check for check in self.checks if check.warns)


def is_no_worse(names: Iterable[str], earlier: Iterable[str]) -> bool:
    """Whether a check named each of `names` before, and to the same extent or a larger one."""
    before = dict(map(_split_extent, earlier))
    return all(extent <= before.get(item, -1) for item, extent in map(_split_extent, names))


def _split_extent(name: str) -> tuple[str, int]:
    found = _EXTENT.search(name)
    return (name[: found.start()], int(found[1])) if found else (name, 0)
