{{
    config(
        materialized='incremental',
        incremental_strategy='append',
        on_schema_change='fail',
        pre_hook="{{ delete_touched_months() }}"
    )
}}

-- depends_on: {{ ref('int_touched_month') }}
-- communes stand for the former unit, so it is judged by the criteria that are for communes
with unit as (
    select distinct
        former.period_month,
        former.province_code,
        former.unit_code,
        former.unit_type,
        'commune' as judged_as,
        period.last_day
    from {{ ref('int_former_unit') }} as former
    inner join {{ ref('int_period') }} as period
        on former.period_month = period.period_month
    where {{ is_touched_month('period.period_month') }}
)

{{ criterion_score_rows('unit', ref('int_former_unit_measure')) }}
