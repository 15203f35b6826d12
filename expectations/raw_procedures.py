"""Procedures of a snapshot: the rows that differ from the snapshot before."""

from __future__ import annotations

from decimal import Decimal

from expectations.shared import WARN_SHARE, present, unit_is_known, version_is_past
from expectations.vocabulary import Suite, holds, in_set

_LIVE = "not r.is_removed"

SUITE = Suite(
    name="raw_procedures",
    relation="raw.procedures",
    scope_column="batch_id",
    checks=(
        holds(
            "key_is_not_blank",
            "procedure_code <> '' and unit_code <> ''",
            "Procedures with a blank key would fall together into one.",
        ),
        version_is_past(),
        unit_is_known(_LIVE),
        holds(
            "procedure_code_is_cut",
            "length(procedure_code) - length(replace(procedure_code, '.', '')) <= 1",
            "The first two parts are the code; a longer one would not meet its dossiers.",
        ),
        present("online_level", _LIVE, "Required: criteria 06 to 08 count levels 3 and 4."),
        in_set("online_level", (2, 3, 4), "Information only, partial, full; no other is mapped."),
        in_set(
            "government_level",
            ("tinh", "xa"),
            "Level of the procedure; the form's rows 1.4.1 and 1.4.2 count these two.",
            severity="warn",
        ),
        holds(
            "validity_is_ordered",
            "effective_to is null or effective_from is null or effective_to >= effective_from",
            "A procedure that ends before it begins is active on no day.",
            severity="warn",
        ),
        holds(
            "name_is_present",
            f"not ({_LIVE}) or procedure_name is not null",
            # Letters and causes print the name; the source contract does not require it.
            "Reports would show a bare code.",
            severity="warn",
            mostly=WARN_SHARE,
        ),
        holds(
            "fee_flag_is_present",
            f"not ({_LIVE}) or has_fee is not null",
            # Half a hundredth: criterion 10 has 2 points only, yet its denominator is small.
            "Missing is read as no fee, and drops the procedure from criterion 10.",
            severity="warn",
            mostly=Decimal("0.995"),
        ),
    ),
)
