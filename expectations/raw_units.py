"""Units of a snapshot: the rows that differ from the snapshot before."""

from __future__ import annotations

from expectations.shared import UNIT_TYPES, known, present, version_is_past
from expectations.vocabulary import Suite, holds, in_set

_LIVE = "not r.is_removed"

# Only the present word on each unit version counts: an earlier snapshot may overlap a later one.
_OVERLAP = """exists (
    select from (
        select distinct on (unit_code, valid_from) *
        from raw.units
        order by unit_code, valid_from, version_at desc, landed_at desc
    ) as other
    where other.unit_code = r.unit_code
        and other.valid_from <> r.valid_from
        and not other.is_removed
        and other.valid_from <= coalesce(r.valid_to, 'infinity')
        and r.valid_from <= coalesce(other.valid_to, 'infinity')
)"""
_SUPERSEDED = """exists (
    select from raw.units as newer
    where newer.unit_code = r.unit_code
        and newer.valid_from = r.valid_from
        and newer.version_at > r.version_at
)"""

SUITE = Suite(
    name="raw_units",
    relation="raw.units",
    scope_column="batch_id",
    checks=(
        holds(
            "key_is_not_blank",
            "unit_code <> ''",
            "Units with a blank code would fall together into one.",
        ),
        version_is_past(),
        present("unit_type", _LIVE, "Required: peers are ranked by province and type."),
        in_set("unit_type", UNIT_TYPES, "Five types; a unit of another would be ranked nowhere."),
        present(
            "province_code",
            _LIVE,
            # The source contract does not require it, so its absence is no breach.
            "Ranks and totals are taken within a province: without one a unit has neither.",
            severity="warn",
        ),
        present("unit_name", _LIVE, "Reports would show a bare code.", severity="warn"),
        holds(
            "validity_is_ordered",
            "valid_to is null or valid_to >= valid_from",
            "A unit that ends before it begins is valid on no day: its records count for its "
            "successor, or for the province only.",
            severity="warn",
        ),
        holds(
            "validity_does_not_overlap",
            f"not ({_LIVE}) or {_SUPERSEDED} or not {_OVERLAP}",
            "Codes are reused: at most one version of a code may be valid on a day, or a dossier "
            "counts for two units.",
        ),
        holds(
            "parent_is_known",
            f"not ({_LIVE}) or parent_unit_code is null or "
            + known("parent_unit_code", "raw.units", "unit_code"),
            # The ministry above a vertical agency need not be in a province's feed.
            "A unit under an unknown parent is left out of the totals above it.",
            severity="warn",
        ),
        holds(
            "successors_are_known",
            "successor_unit_codes <@ (select coalesce(array_agg(distinct known.unit_code), '{}') "
            "from raw.units as known)",
            "Records of an abolished unit with an unknown successor count for the province only.",
            severity="warn",
        ),
    ),
)
