{{ config(post_hook='analyze {{ this }}') }}

with latest_version as (
    select distinct on (unit_code)
        unit_code,
        province_code,
        parent_unit_code
    from {{ ref('stg_units') }}
    order by unit_code asc, valid_from desc
),

-- where neither the unit nor a successor is valid, the province stands in: the one that the
-- code's latest version states, else that of the unit above it
homeless as (
    select
        led.period_month,
        led.source_unit_code,
        coalesce(province.unit_code, parent.province_code) as province_code
    from {{ ref('int_unit_successor') }} as led
    inner join latest_version on led.source_unit_code = latest_version.unit_code
    left join {{ ref('int_unit_successor') }} as province
        on
            led.period_month = province.period_month
            and latest_version.province_code = province.source_unit_code
    left join {{ ref('int_unit_successor') }} as parent_led
        on
            led.period_month = parent_led.period_month
            and latest_version.parent_unit_code = parent_led.source_unit_code
    left join {{ ref('int_unit_period') }} as parent
        on
            parent_led.period_month = parent.period_month
            and parent_led.unit_code = parent.unit_code
    where led.unit_code is null
)

select
    led.period_month,
    led.source_unit_code,
    led.unit_code,
    unit.province_code,
    false as is_province_only
from {{ ref('int_unit_successor') }} as led
inner join {{ ref('int_unit_period') }} as unit
    on
        led.period_month = unit.period_month
        and led.unit_code = unit.unit_code

union all

select
    period_month,
    source_unit_code,
    province_code as unit_code,
    province_code,
    true as is_province_only
from homeless
where province_code is not null
