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
    select distinct
        former.period_month,
        former.province_code,
        former.unit_code,
        former.unit_name,
        former.unit_type,
        period.last_day
    from {{ ref('int_former_unit') }} as former
    inner join {{ ref('int_period') }} as period
        on former.period_month = period.period_month
    where {{ is_month_to_rank('period.period_month') }}
),

ranked as (
    {{ monthly_score_rows(
        'unit', ref('int_former_unit_criterion_score'), ref('int_former_unit_measure')
    ) }}
)

select *
from ranked
where {{ is_touched_month('period_month') }}
