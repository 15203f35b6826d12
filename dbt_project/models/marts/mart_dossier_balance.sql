{{
    config(
        materialized='incremental',
        incremental_strategy='append',
        on_schema_change='fail',
        pre_hook="{{ delete_touched_units() }}"
    )
}}

-- depends_on: {{ ref('int_touched_unit_period') }}
with unit as (
    {{ missing_units() }}
),

flow as (
    select
        period.period_month,
        flow.unit_code as source_unit_code,
        flow.received_month,
        flow.closed_month,
        flow.overdue_month,
        flow.channel,
        flow.outcome,
        flow.dossiers
    from {{ ref('int_period') }} as period
    inner join {{ ref('int_dossier_flow') }} as flow
        on
            flow.received_month <= period.period_month
            and period.period_month <= flow.closed_month
    where
        {{ is_complete('period') }}
        and period.period_month in (select unit.period_month from unit)

    union all

    select
        period_month,
        unit_code as source_unit_code,
        received_month,
        closed_month,
        overdue_month,
        channel,
        outcome,
        dossiers
    from {{ ref('int_dossier_flow_open_month') }}
    where period_month in (select unit.period_month from unit)
),

by_source_unit as (
    {%- set lines = {
        'carried_over': 'received_month < period_month',
        'received_online': "received_month = period_month and channel = 'online'",
        'received_in_person': "received_month = period_month and channel = 'in_person'",
        'received_by_post': "received_month = period_month and channel = 'post'",
        'resolved_early': "closed_month = period_month and outcome = 'resolved_early'",
        'resolved_on_the_day': "closed_month = period_month and outcome = 'resolved_on_the_day'",
        'resolved_late': "closed_month = period_month and outcome = 'resolved_late'",
        'withdrawn': "closed_month = period_month and outcome = 'withdrawn'",
        'stopped': "closed_month = period_month and outcome = 'stopped'",
        'open_on_time': 'closed_month > period_month and overdue_month > period_month',
        'open_overdue': 'closed_month > period_month and overdue_month <= period_month',
    } %}
    select
        period_month,
        source_unit_code,
        {% for line, condition in lines.items() -%}
            sum(dossiers) filter (where {{ condition }}) as {{ line }}{{ ',' if not loop.last }}
        {% endfor %}
    from flow
    group by period_month, source_unit_code
),

-- a unit counts its own records, a province everything under it
by_unit as (
    select
        by_source_unit.period_month,
        counted.unit_code,
        {% for line in lines -%}
            sum(by_source_unit.{{ line }}) as {{ line }}{{ ',' if not loop.last }}
        {% endfor %}
    from by_source_unit
    inner join {{ ref('int_unit_resolution') }} as resolution
        on
            by_source_unit.period_month = resolution.period_month
            and by_source_unit.source_unit_code = resolution.source_unit_code
    cross join lateral (
        select resolution.unit_code
        union
        select resolution.province_code
    ) as counted (unit_code)
    group by by_source_unit.period_month, counted.unit_code
)

select
    unit.period_month,
    unit.unit_code,
    {% for line in lines -%}
        coalesce(by_unit.{{ line }}, 0)::bigint as {{ line }}{{ ',' if not loop.last }}
    {% endfor %}
from unit
left join by_unit
    on
        unit.period_month = by_unit.period_month
        and unit.unit_code = by_unit.unit_code
