{{ config(
    severity='error',
    meta={'reason': 'A measure that the catalogue names but nobody counts would make its criteria not applicable without a word.'}
) }}

with counted as (
    select
        period_month,
        measure_code,
        count(*) as units
    from {{ ref('fct_measure') }}
    group by period_month, measure_code
),

expected as (
    select
        unit.period_month,
        measure.measure_code,
        count(*) as units
    from {{ ref('int_unit_period') }} as unit
    cross join {{ ref('measures') }} as measure
    group by unit.period_month, measure.measure_code
)

select
    coalesce(expected.period_month, counted.period_month) as period_month,
    coalesce(expected.measure_code, counted.measure_code) as measure_code,
    expected.units as expected_units,
    counted.units as counted_units
from expected
full outer join counted
    on
        expected.period_month = counted.period_month
        and expected.measure_code = counted.measure_code
where expected.units is distinct from counted.units
