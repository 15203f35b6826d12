with field_name as (
    select
        '*' as field_code,
        '*' as field_name
    union all
    select
        field_code,
        field_name
    from {{ ref('int_field_name') }}
)

-- the seed's own test sees to it that a target of a unit's own is not the lower one
select
    unit.period_month,
    target.metric_code,
    unit.unit_code,
    field_name.field_code,
    max(target.target_rate) as target_rate
from {{ ref('targets') }} as target
-- sources write the field of civil status in more than one way: "Hộ tịch", "Tư pháp - hộ tịch"
inner join field_name
    on
        target.field_name = field_name.field_name
        or target.field_name <> '*'
        and position(lower(target.field_name) in lower(field_name.field_name)) > 0
inner join {{ ref('int_period') }} as period
    on {{ is_valid_on('target', 'period.last_day') }}
inner join {{ ref('int_unit_period') }} as unit
    on
        period.period_month = unit.period_month
        and target.unit_code in ('*', unit.unit_code)
        and target.unit_type in ('*', unit.unit_type)
group by
    unit.period_month,
    target.metric_code,
    unit.unit_code,
    field_name.field_code
