{{ form_model_config() }}
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
    {{ form_periods_to_count() }}
),

typed as (
    select
        resolution.period_month,
        resolution.source_unit_code,
        unit.unit_type
    from {{ ref('int_unit_resolution') }} as resolution
    inner join {{ ref('int_unit_period') }} as unit
        on
            resolution.period_month = unit.period_month
            and resolution.unit_code = unit.unit_code
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
    from form_period
    inner join {{ ref('int_form_flow') }} as flow
        on
            form_period.period = flow.period
            and form_period.province_code = flow.province_code
    inner join typed as now_unit
        on
            flow.last_month = now_unit.period_month
            and flow.source_unit_code = now_unit.source_unit_code
    left join typed as then_unit
        on
            flow.closed_month = then_unit.period_month
            and flow.source_unit_code = then_unit.source_unit_code
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
    form_period.period_end,
    form_period.last_month,
    {% for figure in figures -%}
        coalesce(summed.{{ figure }}, 0)::bigint as {{ figure }}{{ ',' if not loop.last }}
    {% endfor %}
from form_period
left join summed
    on
        form_period.period = summed.period
        and form_period.province_code = summed.province_code
