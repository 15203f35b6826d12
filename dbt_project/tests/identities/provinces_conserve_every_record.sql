{{ config(
    severity='error',
    meta={'reason': 'A record that changes its unit by succession must stay in the total of its province.'}
) }}

-- what is counted in a month, by the unit that the source names, is what its provinces count; a
-- record whose unit is placed in no province is reported by records_without_a_province
with placed as (
    select
        counted.period_month,
        sum(counted.dossiers_received) as records
    from {{ ref('int_measure__dossiers_received') }} as counted
    inner join {{ ref('int_unit_resolution') }} as resolution
        on
            counted.period_month = resolution.period_month
            and counted.unit_code = resolution.source_unit_code
            and resolution.province_code is not null
    group by counted.period_month
),

by_provinces as (
    select
        measure.period_month,
        sum(measure.value) as records
    from {{ ref('fct_measure') }} as measure
    inner join {{ ref('int_unit_period') }} as unit
        on
            measure.period_month = unit.period_month
            and measure.unit_code = unit.unit_code
            and unit.unit_type = 'province'
    where measure.measure_code = 'dossiers_received'
    group by measure.period_month
)

select
    by_provinces.period_month,
    placed.records as records_placed,
    by_provinces.records as records_of_provinces
from by_provinces
left join placed
    on by_provinces.period_month = placed.period_month
where by_provinces.records <> coalesce(placed.records, 0)
