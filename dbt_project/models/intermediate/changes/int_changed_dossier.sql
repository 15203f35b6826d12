{{ config(
    indexes=[{'columns': ['dossier_id'], 'unique': true}],
    post_hook='analyze {{ this }}'
) }}

-- A full refresh reads everything, so nothing needs to be known about changes.
-- A payment may have moved to another dossier: every dossier it ever named has changed
select dossier_id
from {{ source('raw', 'dossiers') }}
where
    batch_id in (select batch_id from {{ source('ops', 'transform_scope') }})
    and not {{ flags.FULL_REFRESH }}

union

select payment_version.dossier_id
from {{ source('raw', 'payments') }} as payment_version
where
    not {{ flags.FULL_REFRESH }}
    and payment_version.payment_id in (
        select payment.payment_id
        from {{ source('raw', 'payments') }} as payment
        where payment.batch_id in (select batch_id from {{ source('ops', 'transform_scope') }})
    )
