{{ config(
    indexes=[{'columns': ['dossier_id'], 'unique': true}],
    post_hook='analyze {{ this }}'
) }}

-- A full refresh reads everything, so nothing needs to be known about changes.
-- A payment may have moved to another dossier: every dossier it ever named has changed
select brought.dossier_id
from {{ rows_in_scope(source('raw', 'dossiers')) }} as brought
where not {{ flags.FULL_REFRESH }}

union

select version.dossier_id
from {{ keys_in_scope(source('raw', 'payments'), 'payment_id') }} as brought
cross join lateral (
    select payment.dossier_id
    from {{ source('raw', 'payments') }} as payment
    where payment.payment_id = brought.payment_id
    offset 0  -- noqa: AM09
) as version
where not {{ flags.FULL_REFRESH }}
