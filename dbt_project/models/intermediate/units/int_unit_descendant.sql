{#- see int_unit_period -#}
{%- set deepest_chain = 6 -%}

with recursive chain as (
    select
        period_month,
        unit_code as descendant_unit_code,
        unit_code,
        parent_unit_code,
        0 as steps
    from {{ ref('int_unit_period') }}

    union all

    select
        chain.period_month,
        chain.descendant_unit_code,
        parent.unit_code,
        parent.parent_unit_code,
        chain.steps + 1 as steps
    from chain
    inner join {{ ref('int_unit_period') }} as parent
        on
            chain.period_month = parent.period_month
            and chain.parent_unit_code = parent.unit_code
    where chain.steps < {{ deepest_chain }}
)

select
    period_month,
    unit_code,
    descendant_unit_code
from chain
union
select
    period_month,
    province_code as unit_code,
    unit_code as descendant_unit_code
from {{ ref('int_unit_period') }}
where province_code is not null
