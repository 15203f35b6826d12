{{ config(
    severity='error',
    meta={'reason': 'A unit that has no row vanishes from the ranking without a word.'}
) }}

with expected as (
    select
        unit.period_month,
        unit.unit_code,
        count(*) as criteria
    from {{ ref('int_unit_period') }} as unit
    inner join {{ ref('int_period') }} as period
        on unit.period_month = period.period_month
    inner join {{ ref('dim_criterion') }} as criterion
        on {{ is_valid_on('criterion', 'period.last_day') }}
    group by unit.period_month, unit.unit_code
),

scored as (
    select
        period_month,
        unit_code,
        count(*) as criteria
    from {{ ref('fct_criterion_score') }}
    group by period_month, unit_code
)

select
    coalesce(expected.period_month, total.period_month) as period_month,
    coalesce(expected.unit_code, total.unit_code) as unit_code,
    expected.criteria as expected_criteria,
    scored.criteria as scored_criteria
from expected
full outer join {{ ref('mart_monthly_score') }} as total
    on
        expected.period_month = total.period_month
        and expected.unit_code = total.unit_code
left join scored
    on
        total.period_month = scored.period_month
        and total.unit_code = scored.unit_code
where
    expected.criteria is distinct from scored.criteria
    or total.unit_code is null
