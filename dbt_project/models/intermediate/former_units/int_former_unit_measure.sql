{{
    config(
        materialized='incremental',
        incremental_strategy='append',
        on_schema_change='fail',
        pre_hook="{{ delete_touched_months() }}"
    )
}}

-- depends_on: {{ ref('int_touched_month') }}
-- depends_on: {{ ref('int_period') }}
-- several units of today stand for a former one, so procedures count by their codes, as in a
-- province
with counting as (
    select
        former.period_month,
        former.unit_code,
        resolution.source_unit_code,
        true as counts_codes
    from {{ ref('int_former_unit') }} as former
    inner join {{ ref('int_unit_resolution') }} as resolution
        on
            former.period_month = resolution.period_month
            and former.member_unit_code = resolution.unit_code
    where {{ is_touched_month('former.period_month') }}
)

{{ all_measure_rows('counting') }}
