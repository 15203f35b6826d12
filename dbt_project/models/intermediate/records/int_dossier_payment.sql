{{
    config(
        materialized='incremental',
        incremental_strategy='append',
        on_schema_change='fail',
        indexes=indexes_for_changes([{'columns': ['dossier_id'], 'unique': true}]),
        pre_hook="{{ delete_changed('dossier_id', ref('int_changed_dossier')) }}"
    )
}}

-- depends_on: {{ ref('int_changed_dossier') }}
with {% if is_incremental() -%}
changed_payment as (
    -- looked up by every version, for the latest one may name another dossier
    select distinct version.payment_id
    from {{ ref('int_changed_dossier') }} as changed
    cross join lateral (
        select payment.payment_id
        from {{ source('raw', 'payments') }} as payment
        where payment.dossier_id = changed.dossier_id
        offset 0  -- noqa: AM09
    ) as version
),

payment as (
    {{ rows_of(ref('stg_payments'), 'payment_id', 'changed_payment') }}
)
{%- else -%}
payment as (
    {{ rows_of(ref('stg_payments'), 'payment_id') }}
)
{%- endif %}

-- a refund or a cancellation is a later version of the same payment, so that it is not here
select
    payment.dossier_id,
    min(payment.paid_at) as paid_online_at
from payment
{% if is_incremental() -%}
inner join {{ ref('int_changed_dossier') }} as changed
    on payment.dossier_id = changed.dossier_id
{% endif -%}
where
    payment.method = 'truc-tuyen'
    and payment.is_via_national_platform
    and payment.status = 'Đã thanh toán'
    and payment.paid_at is not null
group by payment.dossier_id
