{{ config(post_hook='analyze {{ this }}') }}
{#- Province, district, commune: a parent chain is two steps long. The bound only keeps a circle
    in the source from running on. -#}
{%- set deepest_chain = 6 -%}

with recursive placed as (
    select
        valid.*,
        parent.unit_code as parent_unit_code,
        case
            when valid.unit_type = 'province' then valid.unit_code
            else province.unit_code
        end as own_province_code
    from {{ ref('int_unit_valid') }} as valid
    left join {{ ref('int_unit_successor') }} as parent
        on
            valid.period_month = parent.period_month
            and valid.stated_parent_code = parent.source_unit_code
    left join {{ ref('int_unit_successor') }} as province
        on
            valid.period_month = province.period_month
            and valid.stated_province_code = province.source_unit_code
),

-- a unit that states no province belongs to that of the nearest unit above it
climb as (
    select
        period_month,
        unit_code,
        own_province_code as province_code,
        parent_unit_code as next_code,
        0 as steps
    from placed

    union all

    select
        climb.period_month,
        climb.unit_code,
        placed.own_province_code as province_code,
        placed.parent_unit_code as next_code,
        climb.steps + 1 as steps
    from climb
    inner join placed
        on
            climb.period_month = placed.period_month
            and climb.next_code = placed.unit_code
    where
        climb.province_code is null
        and climb.steps < {{ deepest_chain }}
)

select
    placed.period_month,
    placed.unit_code,
    placed.unit_name,
    placed.unit_type,
    nullif(placed.parent_unit_code, placed.unit_code) as parent_unit_code,
    climb.province_code,
    placed.valid_from,
    placed.valid_to
from placed
left join climb
    on
        placed.period_month = climb.period_month
        and placed.unit_code = climb.unit_code
        and climb.province_code is not null
