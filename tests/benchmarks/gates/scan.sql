-- By hand, in one scan: how many rows of each batch break each check of the dossiers' suite, and
-- what the ledger's suite asks of the batches themselves. Columns have the checks' names.
with scanned as (
    select
        r.batch_id,
        count(*) filter (where r.landed_line > 0) as record_rows,
        count(*) filter (where r.dossier_id = '') as key_is_not_blank,
        count(*) filter (where r.version_at > now()) as version_is_past,
        count(*) filter (
            where not r.is_deleted and r.unit_code not in (select u.unit_code from raw.units as u)
        ) as unit_is_known,
        count(*) filter (
            where not r.is_deleted
            and r.procedure_code not in (select p.procedure_code from raw.procedures as p)
        ) as procedure_is_known,
        count(*) filter (where not r.is_deleted and r.unit_code is null) as unit_code_is_present,
        count(*) filter (
            where not r.is_deleted and r.procedure_code is null
        ) as procedure_code_is_present,
        count(*) filter (where not r.is_deleted and r.state is null) as state_is_present,
        count(*) filter (
            where not r.is_deleted and coalesce(r.state not in (1, 3), true) and r.channel is null
        ) as channel_is_present,
        count(*) filter (
            where not r.is_deleted and coalesce(r.state not in (1, 3), true)
            and r.received_at is null
        ) as received_at_is_present,
        count(*) filter (where r.state not between 1 and 10) as state_is_allowed,
        count(*) filter (where r.channel not between 1 and 3) as channel_is_allowed,
        count(*) filter (where r.applicant_kind not between 1 and 4) as applicant_kind_is_allowed,
        count(*) filter (where r.return_method not between 0 and 2) as return_method_is_allowed,
        count(*) filter (
            where r.portal_payment_flag not in (0, 1, 3)
        ) as portal_payment_flag_is_allowed,
        count(*) filter (
            where not r.is_deleted and r.state in (9, 10)
            and r.finished_at is null and r.returned_at is null
        ) as closing_time_is_present,
        count(*) filter (
            where coalesce(r.finished_at, r.returned_at) < r.received_at
        ) as closing_follows_reception,
        count(*) filter (where r.procedure_code like '%.%.%') as procedure_code_is_cut,
        count(*) filter (where r.fee_due < 0) as fee_due_is_in_range,
        count(*) filter (where r.document_count < 0) as document_count_is_in_range,
        count(*) filter (where r.supplement_count < 0) as supplement_count_is_in_range,
        count(*) filter (
            where r.reused_document_count not between 0 and r.document_count
        ) as reuse_is_within_documents,
        count(*) filter (
            where r.electronic_result_count not between 0 and r.result_count
        ) as electronic_results_are_within_results,
        count(*) filter (where r.fee_due <> trunc(r.fee_due)) as fee_is_whole,
        count(*) filter (where r.due_at < r.received_at) as due_follows_reception,
        count(*) filter (
            where greatest(
                r.submitted_at, r.received_at, r.finished_at, r.returned_at, r.synced_to_portal_at,
                r.synced_to_vault_at
            ) > r.version_at
        ) as dates_precede_version,
        count(*) filter (
            where not r.is_deleted and coalesce(r.state not in (1, 3), true) and r.due_at is null
        ) as due_date_is_present,
        count(*) filter (
            where not r.is_deleted and r.state in (7, 8) and r.finished_at is null
        ) as withdrawal_has_its_time,
        count(*) filter (
            where r.received_at < timestamptz '2015-01-01 00:00+07'
        ) as reception_year_is_plausible
    from raw.dossiers as r
    where r.batch_id in ({batch_ids})
    group by r.batch_id
),

refused as (
    select
        q.batch_id,
        count(*) as records,
        count(*) filter (where not q.is_retryable and q.resolved_at is null) as rejected,
        count(*) filter (where q.is_retryable and q.resolved_at is null) as waiting
    from quarantine.record as q
    where q.batch_id in ({batch_ids})
    group by q.batch_id
)

select
    scanned.*,
    (b.key_drift -> 'removed' <> '[]')::integer as no_key_is_gone,
    (b.key_drift -> 'retyped' <> '[]')::integer as no_key_is_retyped,
    (b.key_drift -> 'added' <> '[]')::integer as no_key_is_new,
    (b.loaded <> scanned.record_rows)::integer as loaded_rows_are_there,
    (b.quarantined <> coalesce(refused.records, 0))::integer as quarantined_rows_are_there,
    (b.distinct_keys is distinct from b.source_total)::integer as source_total_is_reached,
    (b.distinct_keys > b.delivered)::integer as keys_are_within_delivered,
    ((b.warnings ->> 'equal_version_differs')::integer > 0)::integer as versions_are_unambiguous,
    (b.window_to > b.landed_at)::integer as window_lies_in_the_past,
    (refused.rejected >= 20 and refused.rejected > 0.05 * b.delivered)::integer
        as rejected_share_is_tolerable,
    (refused.rejected >= 5 and refused.rejected > 0.01 * b.delivered)::integer
        as rejected_share_is_small,
    (refused.waiting >= 5 and refused.waiting > 0.01 * b.delivered)::integer
        as waiting_share_is_small
from scanned
inner join ops.batch as b on b.batch_id = scanned.batch_id
left join refused on refused.batch_id = scanned.batch_id
