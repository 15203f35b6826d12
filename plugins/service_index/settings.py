"""Where things lie. Every setting comes from the environment and has a default that works."""

from __future__ import annotations

import os
from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

PROJECT_ROOT = Path(__file__).resolve().parents[2]
# All business time is Indochina Time (+07:00, no daylight saving).
ICT = ZoneInfo("Asia/Ho_Chi_Minh")


class SettingsError(ValueError):
    """What was set cannot be used; the message is one line that holds no secret."""


@dataclass(frozen=True)
class Settings:
    """Folders and addresses of one installation.

    `home` holds the embedded database, landed files, releases and reports; `landing_url` may
    also be an object storage URL. `province_code` is the province that publishes; None means
    the one with the most dossiers in the month. `document_templates` is the office's own folder of
    templates, whose files replace the shipped ones by name. `ingest_minutes` is how often the
    scheduler asks the source; None means once a night. A month is published from its `cutoff_day`
    in the next month on: what is recorded late until then is in; it is an incident when it has no
    release after `release_deadline_day`, or when the records loaded are older than `stale_hours`.
    `alerts_file` holds the addresses of those who are told, one a line: it is a secret. The
    scheduler tries a failed task again after `retry_seconds`.
    """

    home: Path
    landing_url: str
    province_code: str | None = None
    document_templates: Path | None = None
    ingest_minutes: int | None = None
    cutoff_day: int = 2
    retry_seconds: int = 300
    release_deadline_day: int = 10
    own_stale_hours: int | None = None
    own_alerts_file: Path | None = None
    project_root: Path = PROJECT_ROOT

    @property
    def stale_hours(self) -> int:
        """As set; else what the schedule promises (a day and two hours, or minutes), and some."""
        return self.own_stale_hours or (36 if self.ingest_minutes is None else 3)

    @property
    def alerts_file(self) -> Path:
        return self.own_alerts_file or self.home / "alerts.urls"

    @property
    def inbox(self) -> Path:
        return self.home / "inbox"

    @property
    def releases(self) -> Path:
        return self.home / "releases"

    @property
    def reports(self) -> Path:
        return self.home / "reports"

    @property
    def dbt_project(self) -> Path:
        return self.project_root / "dbt_project"


def load() -> Settings:
    """Read the settings from the environment.

    `SERVICE_INDEX_HOME`, `SERVICE_INDEX_LANDING`, `SERVICE_INDEX_PROVINCE`,
    `SERVICE_INDEX_TEMPLATES`, `SERVICE_INDEX_INGEST_MINUTES`, `SERVICE_INDEX_CUTOFF_DAY`,
    `SERVICE_INDEX_RELEASE_DEADLINE_DAY`, `SERVICE_INDEX_STALE_HOURS`, `SERVICE_INDEX_ALERTS_FILE`,
    `SERVICE_INDEX_RETRY_SECONDS`. Raises SettingsError where one cannot be.
    """
    home = Path(os.environ.get("SERVICE_INDEX_HOME") or ".service-index").expanduser().resolve()
    landing_url = os.environ.get("SERVICE_INDEX_LANDING") or str(home / "landing")
    province_code = os.environ.get("SERVICE_INDEX_PROVINCE") or None
    return Settings(
        home=home,
        landing_url=_without_password("SERVICE_INDEX_LANDING", landing_url),
        province_code=province_code,
        document_templates=_path("SERVICE_INDEX_TEMPLATES"),
        ingest_minutes=_number("SERVICE_INDEX_INGEST_MINUTES", (5, 10, 15, 20, 30, 60)),
        cutoff_day=_number("SERVICE_INDEX_CUTOFF_DAY", range(1, 29)) or 2,
        retry_seconds=_number("SERVICE_INDEX_RETRY_SECONDS", (10, 30, 60, 120, 300, 600)) or 300,
        release_deadline_day=_number("SERVICE_INDEX_RELEASE_DEADLINE_DAY", range(1, 29)) or 10,
        own_stale_hours=_number("SERVICE_INDEX_STALE_HOURS", range(1, 721)),
        own_alerts_file=_path("SERVICE_INDEX_ALERTS_FILE"),
    )


def _without_password(variable: str, address: str) -> str:
    """The address, which errors, logs and lineage name."""
    try:
        has_password = urlsplit(address).password is not None
    except ValueError:
        has_password = True
    if has_password:
        raise SettingsError(
            f"{variable} holds a password or is no address: the storage's library takes keys from "
            "variables of its own"
        )
    return address


def _path(variable: str) -> Path | None:
    text = os.environ.get(variable)
    return Path(text).expanduser().resolve() if text else None


def _number(variable: str, allowed: Collection[int]) -> int | None:
    text = os.environ.get(variable)
    if not text:
        return None
    if not text.isdecimal() or int(text) not in allowed:
        if isinstance(allowed, range):
            known = f"a number from {allowed[0]} to {allowed[-1]}"
        else:
            known = f"one of {', '.join(map(str, allowed))}"
        raise SettingsError(f"{variable} is '{text}': it is {known}, or not set")
    return int(text)
