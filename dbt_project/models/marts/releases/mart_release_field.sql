{{ config(materialized='view') }}

with used as (
    select distinct
        period_month,
        field_code
    from {{ ref('mart_target_compliance') }}
)

select
    used.period_month,
    used.field_code,
    min(field.field_name collate "C") as field_name
from used
inner join {{ ref('int_field_name') }} as field
    on used.field_code = field.field_code
group by used.period_month, used.field_code
