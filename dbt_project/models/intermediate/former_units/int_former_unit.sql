with last_break as (
    select
        period.period_month,
        max(series_break.break_on) as break_on
    from {{ ref('int_period') }} as period
    inner join {{ ref('series_breaks') }} as series_break
        on series_break.break_on <= period.last_day
    group by period.period_month
),

-- the versions that the break ended; one that states no province lay in that of the unit above it
former as (
    select
        last_break.period_month,
        unit.unit_code,
        unit.unit_name,
        unit.unit_type,
        unit.parent_unit_code,
        coalesce(unit.province_code, parent.province_code, parent.parent_unit_code)
            as province_code,
        unit.successor_unit_codes
    from last_break
    inner join {{ ref('stg_units') }} as unit
        on last_break.break_on - 1 = unit.valid_to
    left join {{ ref('stg_units') }} as parent
        on
            unit.parent_unit_code = parent.unit_code
            and {{ is_valid_on('parent', 'last_break.break_on - 1') }}
),

-- one step of the merger map, and on to what stands for the successor in the month; a code that
-- names no successor leads to the unit that carries it now
succeeded as (
    select
        former.period_month,
        former.unit_code,
        former.unit_type,
        former.parent_unit_code,
        former.province_code,
        member.unit_code as member_unit_code,
        member.province_code as member_province_code
    from former
    cross join lateral unnest(
        case
            when cardinality(former.successor_unit_codes) > 0 then former.successor_unit_codes
            else array[former.unit_code]
        end
    ) as named (unit_code)
    inner join {{ ref('int_unit_successor') }} as led
        on
            former.period_month = led.period_month
            and named.unit_code = led.source_unit_code
    inner join {{ ref('int_unit_period') }} as member
        on
            led.period_month = member.period_month
            and led.unit_code = member.unit_code
            and member.unit_type = 'commune'
),

-- a commune of today may draw on two former districts: it stands for the one that gave it the most
-- communes, else for one that names it
claimed as (
    select
        commune.period_month,
        area.unit_code,
        area.unit_type,
        commune.member_unit_code,
        commune.member_province_code,
        1 as communes_given
    from succeeded as commune
    inner join former as area
        on
            commune.period_month = area.period_month
            and commune.unit_type = 'commune'
            and (
                (area.unit_type = 'district' and commune.parent_unit_code = area.unit_code)
                or (area.unit_type = 'province' and commune.province_code = area.unit_code)
            )

    union all

    select
        district.period_month,
        area.unit_code,
        area.unit_type,
        district.member_unit_code,
        district.member_province_code,
        0 as communes_given
    from succeeded as district
    inner join former as area
        on
            district.period_month = area.period_month
            and district.unit_type = 'district'
            and (
                area.unit_code = district.unit_code and area.unit_type = 'district'
                or area.unit_type = 'province' and area.unit_code = district.province_code
            )
),

weighed as (
    select
        period_month,
        unit_code,
        unit_type,
        member_unit_code,
        member_province_code,
        sum(communes_given) as communes_given
    from claimed
    group by period_month, unit_code, unit_type, member_unit_code, member_province_code
),

chosen as (
    select distinct on (period_month, unit_type, member_unit_code)
        period_month,
        unit_code,
        unit_type,
        member_unit_code,
        member_province_code
    from weighed
    order by
        period_month asc,
        unit_type asc,
        member_unit_code asc,
        communes_given desc,
        unit_code asc
)

select
    chosen.period_month,
    chosen.unit_code,
    chosen.unit_type,
    former.unit_name,
    chosen.member_unit_code,
    min(chosen.member_province_code) over (
        partition by chosen.period_month, chosen.unit_code
    ) as province_code
from chosen
inner join former
    on
        chosen.period_month = former.period_month
        and chosen.unit_code = former.unit_code
        and chosen.unit_type = former.unit_type
