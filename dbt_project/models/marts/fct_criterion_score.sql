{{
    config(
        materialized='incremental',
        incremental_strategy='append',
        on_schema_change='fail',
        pre_hook="{{ delete_touched_months() }}"
    )
}}

-- depends_on: {{ ref('int_touched_month') }}
with unit as (
    select
        unit.period_month,
        unit.province_code,
        unit.unit_code,
        unit.unit_type,
        unit.unit_type as judged_as,
        period.last_day
    from {{ ref('int_unit_period') }} as unit
    inner join {{ ref('int_period') }} as period
        on unit.period_month = period.period_month
    where {{ is_touched_month('period.period_month') }}
)

{{ criterion_score_rows('unit', ref('fct_measure')) }}
