{{ config(post_hook='analyze {{ this }}') }}

with open_month as (
    select
        period.period_month,
        period.period_end
    from {{ ref('int_period') }} as period
    where not {{ is_complete('period') }}
),

flow as (
    {{ dossier_flow_at('open_month') }}
)

select
    period_month,
    {{ dossier_flow_columns() | join(',\n    ') }}
from flow
