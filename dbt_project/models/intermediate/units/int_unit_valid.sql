-- valid on any day of the month; of two, the one valid at the month's end (of an open month: at
-- the data cut-off), hence the one that began last, unless it begins only after that end
select distinct on (period.period_month, unit.unit_code)
    period.period_month,
    unit.unit_code,
    unit.valid_from,
    unit.valid_to,
    unit.unit_name,
    unit.unit_type,
    unit.parent_unit_code as stated_parent_code,
    unit.province_code as stated_province_code
from {{ ref('int_period') }} as period
inner join {{ ref('stg_units') }} as unit
    on
        unit.valid_from < {{ next_month('period.period_month') }}
        and (unit.valid_to is null or period.period_month <= unit.valid_to)
order by
    period.period_month asc,
    unit.unit_code asc,
    unit.valid_from <= period.last_day desc,
    unit.valid_from desc
