{{
    config(
        materialized='incremental',
        incremental_strategy='append',
        on_schema_change='fail',
        pre_hook="{{ delete_touched_units('is_touched_in_year') }}"
    )
}}
{%- set causes = [
    'not_submitted_online',
    'not_paid_online',
    'no_electronic_result',
    'not_returned_online',
    'in_person_step',
] %}

-- depends_on: {{ ref('int_touched_unit_period') }}
with unit as (
    {{ missing_units() }}
),

flow as (
    {{ month_resolutions('unit') }}
),

judged as (
    select
        period_month,
        unit_code as source_unit_code,
        not is_submitted_online as not_submitted_online,
        fee_settled_month > period_month as not_paid_online,
        not has_electronic_result as no_electronic_result,
        not is_returned_online_or_by_post as not_returned_online,
        not is_without_in_person_step as in_person_step,
        dossiers
    from flow
),

counted as (
    select
        *,
        {% for cause in causes -%}
            {{ cause }}::integer{{ ' + ' if not loop.last }}
        {%- endfor %} as cause_count
    from judged
),

by_unit as (
    select
        counted.period_month,
        covering.unit_code,
        failed.cause,
        sum(counted.dossiers) as dossiers_failing,
        sum(counted.dossiers) filter (where counted.cause_count = 1) as dossiers_failing_only
    from counted
    cross join lateral (
        values
        {% for cause in causes -%}
            ('{{ cause }}', counted.{{ cause }}){{ ',' if not loop.last }}
        {% endfor %}
    ) as failed (cause, is_failed)
    inner join {{ ref('int_unit_resolution') }} as resolution
        on
            counted.period_month = resolution.period_month
            and counted.source_unit_code = resolution.source_unit_code
    inner join {{ ref('int_unit_descendant') }} as covering
        on
            resolution.period_month = covering.period_month
            and resolution.unit_code = covering.descendant_unit_code
    where failed.is_failed
    group by counted.period_month, covering.unit_code, failed.cause
)

select
    unit.period_month,
    unit.unit_code,
    cause.cause,
    coalesce(by_unit.dossiers_failing, 0)::bigint as dossiers_failing,
    coalesce(by_unit.dossiers_failing_only, 0)::bigint as dossiers_failing_only
from unit
cross join (
    values
    {% for cause in causes -%}
        ('{{ cause }}'){{ ',' if not loop.last }}
    {% endfor %}
) as cause (cause)
left join by_unit
    on
        unit.period_month = by_unit.period_month
        and unit.unit_code = by_unit.unit_code
        and cause.cause = by_unit.cause
