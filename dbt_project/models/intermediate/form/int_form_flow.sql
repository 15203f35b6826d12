{{ form_model_config(is_period_unique=false) }}
{%- set columns = [
    'received_month', 'closed_month', 'overdue_month', 'channel', 'outcome', 'dossiers'
] %}
{%- set key = ['period', 'province_code', 'period_end', 'first_month', 'last_month'] %}

with form_period as (
    select
        form_period.*,
        {{ is_complete('month') }} as is_last_month_complete,
        form_period.period_end < month.period_end as is_cut
    from {{ form_periods_to_count() }} as form_period
    inner join {{ ref('int_period') }} as month
        on form_period.last_month = month.period_month
),

-- what was closed in the months before the last one, from the flow as it stands; the rest as it
-- stood at the end of the period: by the flow of whole months where the last one is complete, else
-- by that of its end
flow as (
    select
        form_period.{{ key | join(',\n        form_period.') }},
        flow.unit_code as source_unit_code,
        flow.{{ columns | join(',\n        flow.') }}
    from form_period
    inner join {{ ref('int_dossier_flow') }} as flow
        on
            form_period.first_month <= flow.closed_month
            and flow.received_month <= form_period.last_month
    where
        flow.closed_month < form_period.last_month
        or (form_period.is_last_month_complete and not form_period.is_cut)

    union all

    select
        form_period.{{ key | join(',\n        form_period.') }},
        flow.unit_code as source_unit_code,
        flow.{{ columns | join(',\n        flow.') }}
    from form_period
    inner join {{ ref('int_dossier_flow_open_month') }} as flow
        on form_period.last_month = flow.period_month
    where not form_period.is_last_month_complete and not form_period.is_cut

    union all

    select
        form_period.{{ key | join(',\n        form_period.') }},
        flow.unit_code as source_unit_code,
        flow.{{ columns | join(',\n        flow.') }}
    from form_period
    inner join {{ ref('int_form_flow_at_cutoff') }} as flow
        on form_period.period_end = flow.period_end
    where form_period.is_cut
)

select flow.*
from flow
inner join {{ ref('int_unit_resolution') }} as resolution
    on
        flow.last_month = resolution.period_month
        and flow.source_unit_code = resolution.source_unit_code
        and flow.province_code = resolution.province_code
