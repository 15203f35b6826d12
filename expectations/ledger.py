"""The ledger's rows of the batches at hand, each beside the rows that truly lie in the tables.

`delivered = loaded + duplicates + quarantined` is a constraint of `ops.batch`; the checks here
hold two of its terms against the tables, without which the identity would prove nothing.
"""

from __future__ import annotations

from expectations.vocabulary import Suite, holds

_SNAPSHOTS = ("procedures", "units", "national_scores")
_FEEDS = ("dossiers", "payments", "petitions", "ratings", *_SNAPSHOTS)


def _raw_rows(feed: str) -> str:
    removed = "f.is_removed" if feed in _SNAPSHOTS else "false"
    return (
        f"select f.landed_line, {removed} as is_removed from raw.{feed} as f "  # noqa: S608
        f"where f.batch_id = b.batch_id and b.feed = '{feed}'"
    )


# Line 0 is no record: there the snapshot as a whole tells of a key.
_RELATION = f"""(
    select b.*, raw_rows.*, refused.*
    from ops.batch as b
    cross join lateral (
        select
            count(*) filter (where landed_line > 0) as record_rows,
            count(*) filter (where landed_line = 0 and is_removed) as removed_rows
        from ({" union all ".join(map(_raw_rows, _FEEDS))}) as rows_of_feed
    ) as raw_rows
    cross join lateral (
        select
            count(*) as quarantine_rows,
            count(*) filter (where not q.is_retryable and q.resolved_at is null) as rejected_rows,
            count(*) filter (where q.is_retryable and q.resolved_at is null) as waiting_rows
        from quarantine.record as q
        where q.batch_id = b.batch_id
    ) as refused
)"""  # noqa: S608 - own text


def _drift(kind: str) -> tuple[str, str]:
    """SQL: no key of the batch has drifted so; and which have."""
    changed = f"coalesce(key_drift -> '{kind}', '[]')"
    return (
        f"jsonb_array_length({changed}) = 0",
        f"array(select jsonb_array_elements_text({changed}))",
    )


_NONE_REMOVED, _REMOVED = _drift("removed")
_NONE_RETYPED, _RETYPED = _drift("retyped")
_NONE_ADDED, _ADDED = _drift("added")

SUITE = Suite(
    name="ledger",
    relation=_RELATION,
    scope_column="batch_id",
    checks=(
        holds(
            "no_key_is_gone",
            _NONE_REMOVED,
            "Keys that earlier batches carried are gone or renamed: what they tell would be "
            "missing from the scores without a word.",
            names=_REMOVED,
        ),
        holds(
            "no_key_is_retyped",
            _NONE_RETYPED,
            "Keys have values of another JSON type than before: they may mean something else now.",
            names=_RETYPED,
        ),
        holds(
            "no_key_is_new",
            _NONE_ADDED,
            "Keys that the source did not carry before. They stay in the landed bytes and are "
            "otherwise ignored.",
            severity="warn",
            names=_ADDED,
        ),
        holds(
            "loaded_rows_are_there",
            "loaded = record_rows",
            "Invariant I1: every record that the ledger calls loaded is one row in raw, no more "
            "and no less.",
        ),
        holds(
            "quarantined_rows_are_there",
            "quarantined = quarantine_rows",
            "Invariant I1: a refused record is kept whole in quarantine, none is lost.",
        ),
        holds(
            "source_total_is_reached",
            "case kind when 'window' then distinct_keys = source_total "
            "else distinct_keys = coalesce(source_total, distinct_keys) end",
            "Invariant I1: the distinct keys delivered are the source's own total; a window "
            "without a total is not known to be complete. Files and retries have none.",
        ),
        holds(
            "keys_are_within_delivered",
            "distinct_keys <= delivered",
            "More keys than records: one of the two counts is wrong.",
        ),
        holds(
            "versions_are_unambiguous",
            "coalesce((warnings ->> 'equal_version_differs')::bigint, 0) = 0",
            "Other content under a version that was there before: the one landed later wins, so "
            "the order of landing decides. The source should be told.",
            severity="warn",
        ),
        holds(
            "window_lies_in_the_past",
            "window_to is null or window_to <= landed_at",
            "A window fetched before its end lacks the rest, yet would move the watermark to its "
            "end (invariant I4).",
        ),
        holds(
            "rejected_share_is_tolerable",
            # 5 % of the dossiers can move criterion 05 (20 points) by one whole point: too much
            # for a number that is published. Below 20 records they are single mistakes, not a
            # broken feed: the window of a quiet day holds a few dozen. Records that wait for
            # their unit do not count here: the order of arrival may not decide.
            "rejected_rows < 20 or rejected_rows <= 0.05 * delivered",
            "More than 5 % (and 20) of the records break the source contract: the feed is "
            "broken, a score from the rest would mislead.",
        ),
        holds(
            "rejected_share_is_small",
            # 1 % moves criterion 05 by 0.2: visible at the letter's one decimal. Five records,
            # so that a window of a few dozen does not warn of a single one.
            "rejected_rows < 5 or rejected_rows <= 0.01 * delivered",
            "More than 1 % (and 5) of the records break the source contract: look at the "
            "quarantine.",
            severity="warn",
        ),
        holds(
            "waiting_share_is_small",
            # The same 1 %: what waits is as absent from the score as what is bad, but comes in
            # by itself once its unit, procedure or dossier is known.
            "waiting_rows < 5 or waiting_rows <= 0.01 * delivered",
            "More than 1 % (and 5) of the records wait for a unit, procedure or dossier that is "
            "not known yet: the score lacks them until then.",
            severity="warn",
        ),
        holds(
            "snapshot_keeps_its_keys",
            # A snapshot cut short with a total to match is complete by every other check. An
            # abolished row stays in the snapshot with its end date or state, so that half of
            # them vanish is nothing regular; 50 rows leave the catalogues of trials alone.
            "removed_rows < 50 or removed_rows <= distinct_keys",
            "More keys vanished from this snapshot than it holds: a cut-short answer would "
            "abolish procedures or units by mistake.",
        ),
    ),
)
