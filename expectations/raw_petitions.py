"""Petitions (phản ánh, kiến nghị) of a batch."""

from __future__ import annotations

from expectations.shared import (
    SATISFACTION,
    WARN_SHARE,
    present,
    unit_is_known,
    version_is_past,
)
from expectations.vocabulary import Suite, holds, in_set

_LIVE = "not r.is_deleted"

SUITE = Suite(
    name="raw_petitions",
    relation="raw.petitions",
    scope_column="batch_id",
    checks=(
        holds(
            "key_is_not_blank",
            "petition_id <> ''",
            "Petitions with a blank key would fall together into one.",
        ),
        version_is_past(),
        unit_is_known(_LIVE),
        present("unit_code", _LIVE, "Required by the source contract: a petition counts for it."),
        present("received_at", _LIVE, "Required by the source contract."),
        present("state", _LIVE, "Required: a refused petition counts nowhere."),
        in_set("state", (1, 2, 3, 4), "New, in process, answered, refused; no other is mapped."),
        in_set("kind", (1, 2), "About regulations, about conduct: the form counts the first only."),
        in_set("satisfaction", SATISFACTION, "Five grades; criterion 20 counts two of them."),
        holds(
            "reply_follows_reception",
            "replied_at is null or received_at is null or replied_at >= received_at",
            # The source contract lets it pass, so one slip of the pen refuses no batch.
            "Answered before it came: it counts as on time whatever the due date.",
            severity="warn",
            mostly=WARN_SHARE,
        ),
        holds(
            "reply_time_is_present",
            "is_deleted or state is null or state <> 3 or replied_at is not null",
            "Answered by its state but without a time: counts as unanswered (criterion 19).",
            severity="warn",
            mostly=WARN_SHARE,
        ),
        holds(
            "satisfaction_follows_reply",
            "satisfaction is null or replied_at is not null",
            "Satisfied with an answer that was not given: left out of criterion 20.",
            severity="warn",
            mostly=WARN_SHARE,
        ),
        holds(
            "due_follows_reception",
            "reply_due_at is null or received_at is null or reply_due_at >= received_at",
            "Due before it came is a mistake of entry, and makes every answer late.",
            severity="warn",
            mostly=WARN_SHARE,
        ),
    ),
)
