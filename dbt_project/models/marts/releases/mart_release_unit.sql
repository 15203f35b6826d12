{{ config(materialized='view') }}

select
    unit.period_month,
    unit.unit_code,
    unit.unit_name,
    unit.unit_type,
    unit.parent_unit_code,
    unit.province_code,
    former.unit_code as former_unit_code,
    former.unit_name as former_unit_name
from {{ ref('int_unit_period') }} as unit
left join {{ ref('int_former_unit') }} as former
    on
        unit.period_month = former.period_month
        and unit.unit_code = former.member_unit_code
        and former.unit_type = 'district'
