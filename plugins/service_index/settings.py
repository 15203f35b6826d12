"""Where things lie. Every setting comes from the environment and has a default that works."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from zoneinfo import ZoneInfo

PROJECT_ROOT = Path(__file__).resolve().parents[2]
# All business time is Indochina Time (+07:00, no daylight saving).
ICT = ZoneInfo("Asia/Ho_Chi_Minh")


@dataclass(frozen=True)
class Settings:
    """Folders and addresses of one installation.

    `home` holds the embedded database, landed files, releases and reports; `landing_url` may
    also be an object storage URL. `province_code` is the province that publishes; None means
    the one with the most dossiers in the month. `document_templates` is the office's own folder of
    templates, whose files replace the shipped ones by name.
    """

    home: Path
    landing_url: str
    province_code: str | None = None
    document_templates: Path | None = None
    project_root: Path = PROJECT_ROOT

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
    `SERVICE_INDEX_TEMPLATES`.
    """
    home = Path(os.environ.get("SERVICE_INDEX_HOME") or ".service-index").expanduser().resolve()
    landing_url = os.environ.get("SERVICE_INDEX_LANDING") or str(home / "landing")
    province_code = os.environ.get("SERVICE_INDEX_PROVINCE") or None
    templates = os.environ.get("SERVICE_INDEX_TEMPLATES") or None
    return Settings(
        home=home,
        landing_url=landing_url,
        province_code=province_code,
        document_templates=Path(templates).expanduser().resolve() if templates else None,
    )
