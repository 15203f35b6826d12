{{ config(materialized='view') }}

-- every row of the snapshot that describes the month's last day, vanished and abolished ones too
with described as (
    select
        period.period_month,
        period.last_day,
        date_trunc('year', period.period_month)::date as year_start,
        version.*,
        coalesce(
            {{ applies_on('version', 'period.last_day') }}
            and version.is_public
            and {{ is_effective_on('version', 'period.last_day') }},
            false
        ) as is_active
    from {{ ref('int_period') }} as period
    inner join {{ ref('int_procedure_version') }} as version
        on {{ describes_on('version', 'period.last_day') }}
),

judged as (
    select
        *,
        coalesce(
            publication_due_on between year_start and last_day, false
        ) as is_due_for_publication,
        coalesce(disclosure_due_on between year_start and last_day, false) as is_due_for_disclosure,
        is_active and coalesce(has_fee, false) as is_active_with_fee
    from described
)

select
    period_month,
    unit_code,
    procedure_code,
    is_due_for_publication as procedures_due_for_publication,
    is_due_for_publication and coalesce(published_on <= publication_due_on, false)
        as procedures_published_on_time,
    is_due_for_disclosure as procedures_due_for_disclosure,
    is_due_for_disclosure and coalesce(disclosed_on <= disclosure_due_on, false)
        as procedures_disclosed_on_time,
    is_active as procedures_active,
    is_active and coalesce(is_content_complete, false) as procedures_disclosed_in_full,
    is_active and online_level in (3, 4) as procedures_offered_online,
    is_active and coalesce(shares_population_data, false) as procedures_sharing_population_data,
    is_active_with_fee as fee_procedures_active,
    is_active_with_fee and coalesce(is_payment_integrated, false)
        as fee_procedures_payment_integrated
from judged
