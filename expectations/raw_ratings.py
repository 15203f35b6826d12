"""Ratings of a batch: a rating counts for its own unit, its dossier is not consulted."""

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
    name="raw_ratings",
    relation="raw.ratings",
    scope_column="batch_id",
    checks=(
        holds(
            "key_is_not_blank",
            "rating_id <> ''",
            "Ratings with a blank key would fall together into one.",
        ),
        version_is_past(),
        unit_is_known(_LIVE),
        present("unit_code", _LIVE, "Required by the source contract: a rating counts for it."),
        present("rated_at", _LIVE, "Required: it sets the month of the rating."),
        present("satisfaction", _LIVE, "Required: a rating without a grade is none."),
        in_set("satisfaction", SATISFACTION, "Five grades; criterion 21 counts two of them."),
        holds(
            "dates_precede_version",
            "rated_at is null or rated_at <= version_at",
            "Rated later than its version is a mistake of entry that the contract lets pass.",
            severity="warn",
            mostly=WARN_SHARE,
        ),
    ),
)
