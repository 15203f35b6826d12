{{ config(materialized='view') }}

-- a reporting cut-off that leaves out a part of what the data hold of its month
with cut as (
    select
        form_period.last_month as period_month,
        form_period.period_end
    from {{ ref('int_form_period') }} as form_period
    inner join {{ ref('int_period') }} as month
        on form_period.last_month = month.period_month
    where form_period.period_end < month.period_end
),

flow as (
    {{ dossier_flow_at('cut') }}
)

select
    period_end,
    {{ dossier_flow_columns() | join(',\n    ') }}
from flow
