{{ config(indexes=[{'columns': ['period', 'province_code'], 'unique': true}]) }}
{%- set columns = [
    'received_month', 'closed_month', 'overdue_month', 'channel', 'outcome', 'dossiers'
] %}
{%- set key = ['period', 'province_code', 'first_month', 'last_month'] %}
{%- set by_departments = "unit_type in ('department', 'vertical_agency')" %}
{%- set by_communes = "unit_type in ('commune', 'district')" %}
{%- set figures = {
    'dossiers_carried_over': 'received_month < first_month',
    'dossiers_received_online': "received_month >= first_month and channel = 'online'",
    'dossiers_received_in_person': "received_month >= first_month and channel = 'in_person'",
    'dossiers_received_by_post': "received_month >= first_month and channel = 'post'",
    'dossiers_resolved_on_time': 'is_closed and is_on_time',
    'dossiers_resolved_late': "is_closed and outcome = 'resolved_late'",
    'dossiers_withdrawn': "is_closed and outcome = 'withdrawn'",
    'dossiers_stopped': "is_closed and outcome = 'stopped'",
    'dossiers_open_on_time': 'not is_closed and overdue_month > last_month',
    'dossiers_open_overdue': 'not is_closed and overdue_month <= last_month',
    'dossiers_resolved_by_departments': 'is_closed and is_resolved and ' ~ by_departments,
    'dossiers_resolved_on_time_by_departments': 'is_closed and is_on_time and ' ~ by_departments,
    'dossiers_resolved_by_communes': 'is_closed and is_resolved and ' ~ by_communes,
    'dossiers_resolved_on_time_by_communes': 'is_closed and is_on_time and ' ~ by_communes,
} %}

with form_period as (
    select
        form_period.*,
        {{ is_complete('month') }} as is_last_month_complete,
        form_period.period_end < month.period_end as is_cut
    from {{ ref('int_form_period') }} as form_period
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
),

-- the type is that of the unit that a dossier counts for in the month of its resolution, so that a
-- district's work stays that of a district after its end
counted as (
    select
        flow.*,
        coalesce(then_unit.unit_type, now_unit.unit_type) as unit_type,
        flow.closed_month <= flow.last_month as is_closed,
        flow.outcome in ('resolved_early', 'resolved_on_the_day') as is_on_time,
        flow.outcome in ('resolved_early', 'resolved_on_the_day', 'resolved_late') as is_resolved
    from flow
    inner join {{ ref('int_unit_resolution') }} as resolution
        on
            flow.last_month = resolution.period_month
            and flow.source_unit_code = resolution.source_unit_code
            and flow.province_code = resolution.province_code
    inner join {{ ref('int_unit_period') }} as now_unit
        on
            resolution.period_month = now_unit.period_month
            and resolution.unit_code = now_unit.unit_code
    left join {{ ref('int_unit_resolution') }} as then_resolution
        on
            flow.closed_month = then_resolution.period_month
            and flow.source_unit_code = then_resolution.source_unit_code
    left join {{ ref('int_unit_period') }} as then_unit
        on
            then_resolution.period_month = then_unit.period_month
            and then_resolution.unit_code = then_unit.unit_code
),

summed as (
    select
        period,
        province_code,
        {% for figure, condition in figures.items() -%}
            sum(dossiers) filter (where {{ condition }}) as {{ figure }}{{ ',' if not loop.last }}
        {% endfor %}
    from counted
    group by period, province_code
)

select
    form_period.period,
    form_period.province_code,
    {% for figure in figures -%}
        coalesce(summed.{{ figure }}, 0)::bigint as {{ figure }}{{ ',' if not loop.last }}
    {% endfor %}
from {{ ref('int_form_period') }} as form_period
left join summed
    on
        form_period.period = summed.period
        and form_period.province_code = summed.province_code
