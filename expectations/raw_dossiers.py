"""Dossiers of a batch, as loaded: what the measures rely on."""

from __future__ import annotations

from decimal import Decimal

from expectations.shared import WARN_SHARE, known, present, unit_is_known, version_is_past
from expectations.vocabulary import Suite, between, holds, in_set

_LIVE = "not r.is_deleted"
# Submitted but not received, and refused at reception: counted nowhere, so little is required.
_COUNTED = "not r.is_deleted and r.state not in (1, 3)"

SUITE = Suite(
    name="raw_dossiers",
    relation="raw.dossiers",
    scope_column="batch_id",
    checks=(
        holds(
            "key_is_not_blank",
            "dossier_id <> ''",
            "Dossiers with a blank key would fall together into one.",
        ),
        version_is_past(),
        unit_is_known(_LIVE),
        holds(
            "procedure_is_known",
            f"not ({_LIVE}) or procedure_code is null or "
            + known("procedure_code", "raw.procedures", "procedure_code"),
            "The online level and the fee come from the procedure; a dossier of an unknown one "
            "would drop out of criteria 07 and 08. The loader keeps it in quarantine.",
        ),
        present("unit_code", _LIVE, "Required by the source contract: a dossier counts for it."),
        present("procedure_code", _LIVE, "Required by the source contract."),
        present("state", _LIVE, "Required: the state says whether a dossier counts at all."),
        present("channel", _COUNTED, "Required once received: criteria 07 and 08 read it."),
        present("received_at", _COUNTED, "Required once received: it sets the month."),
        in_set("state", range(1, 11), "Ten states in the source contract; no other is mapped."),
        in_set("channel", (1, 2, 3), "In person, online, by post; no other is mapped."),
        in_set(
            "applicant_kind",
            (1, 2, 3, 4),
            "Citizen, business, state body, other. No measure reads it: a warning.",
            severity="warn",
        ),
        in_set("return_method", (0, 1, 2), "End-to-end online asks for post or online (1, 2)."),
        in_set(
            "portal_payment_flag",
            (0, 1, 3),
            "Only compared with the payments, never trusted: a warning.",
            severity="warn",
        ),
        holds(
            "closing_time_is_present",
            f"not ({_LIVE}) or state is null or state not in (9, 10) "
            "or coalesce(finished_at, returned_at) is not null",
            "A resolved dossier without a closing time belongs to no month.",
        ),
        holds(
            "closing_follows_reception",
            "coalesce(finished_at, returned_at) is null or received_at is null "
            "or coalesce(finished_at, returned_at) >= received_at",
            "Resolved before it was received: it would be carried over with a negative age.",
        ),
        holds(
            "procedure_code_is_cut",
            "procedure_code is null or length(procedure_code) "
            "- length(replace(procedure_code, '.', '')) <= 1",
            "The first two parts are the code (1.001193.000.00.00.H99 is 1.001193); a longer one "
            "would miss its procedure.",
        ),
        between("fee_due", 0, None, "A negative fee would hide a fee that is due."),
        between("document_count", 0, None, "A count."),
        between("supplement_count", 0, None, "A count."),
        holds(
            "reuse_is_within_documents",
            "reused_document_count between 0 and document_count",
            "Reused documents are some of the documents (criterion 14).",
        ),
        holds(
            "electronic_results_are_within_results",
            "electronic_result_count between 0 and result_count",
            "Electronic results are some of the results (criteria 12 and 15).",
        ),
        holds(
            "fee_is_whole",
            "fee_due = trunc(fee_due)",
            "Fees are whole đồng; a fraction points to a misread separator (1.234,56).",
        ),
        holds(
            "due_follows_reception",
            "due_at is null or received_at is null or due_at >= received_at",
            "A due date before the reception is a mistake of entry that the contract lets pass; "
            "above one in a hundred it moves criterion 05.",
            severity="warn",
            mostly=WARN_SHARE,
        ),
        holds(
            "dates_precede_version",
            "greatest(submitted_at, received_at, finished_at, returned_at, synced_to_portal_at, "
            "synced_to_vault_at, version_at) <= version_at",
            "A date later than the version is a mistake of entry that the contract lets pass.",
            severity="warn",
            mostly=WARN_SHARE,
        ),
        holds(
            "due_date_is_present",
            f"not ({_COUNTED}) or due_at is not null",
            # Procedures settled on the spot have no due date; one dossier in ten is far above
            # them, and each counts as on time, so that criterion 05 could rise by two points.
            "Without a due date a dossier counts as on time: many of them flatter criterion 05.",
            severity="warn",
            mostly=Decimal("0.9"),
        ),
        holds(
            "withdrawal_has_its_time",
            f"not ({_LIVE}) or state is null or state not in (7, 8) or finished_at is not null",
            "Withdrawn or stopped without a time: the time of the update stands in.",
            severity="warn",
            mostly=WARN_SHARE,
        ),
        holds(
            "reception_year_is_plausible",
            "received_at is null "
            "or received_at at time zone 'Asia/Ho_Chi_Minh' >= timestamp '2015-01-01'",
            "One-stop offices in their present form began with Decision 09/2015/QĐ-TTg; an older "
            "reception is more likely a mistyped year, and, open, is carried over for ever.",
            severity="warn",
        ),
    ),
)
