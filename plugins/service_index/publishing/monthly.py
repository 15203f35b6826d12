"""Publishes a month's scores."""

from __future__ import annotations

from datetime import date, datetime

import psycopg

from service_index.publishing import month_state, release, subject
from service_index.publishing.release import PublishResult


def publish_month(
    connection: psycopg.Connection,
    month: date,
    *,
    code_revision: str,
    is_sample: bool,
    reason: str | None = None,
    created_at: datetime | None = None,
    province_code: str | None = None,
) -> PublishResult:
    """Freeze the marts of `month` (its first day) as the month's current release.

    `province_code` names the publishing province, the busiest unless given; for the rest see
    `release.publish`. Raises PublishingRefusedError when the marts are not fit to be published.
    """
    return release.publish(
        connection,
        subject.of_month(month),
        lambda: month_state.read(connection, month, province_code),
        code_revision=code_revision,
        is_sample=is_sample,
        reason=reason,
        created_at=created_at,
    )
