{{
    config(
        materialized='incremental',
        incremental_strategy='append',
        on_schema_change='fail',
        pre_hook="{{ delete_touched_months() }}"
    )
}}

-- depends_on: {{ ref('int_touched_month') }}
with unit as (
    select
        unit.period_month,
        unit.unit_code,
        unit.unit_type,
        unit.province_code,
        period.last_day
    from {{ ref('int_unit_period') }} as unit
    inner join {{ ref('int_period') }} as period
        on unit.period_month = period.period_month
    {% if is_incremental() -%}
        where period.period_month in (select period_month from {{ ref('int_touched_month') }})
    {%- endif %}
),

-- every unit of a month with every criterion of the catalogue valid at the month's end
expected as (
    select
        unit.period_month,
        unit.province_code,
        unit.unit_code,
        unit.unit_type,
        criterion.criterion_code,
        criterion.group_code,
        criterion.catalogue_version,
        criterion.max_points,
        criterion.target_rate,
        criterion.numerator_measure,
        criterion.denominator_measure,
        (
            criterion.applies_to = 'all'
            or unit.unit_type = any(string_to_array(criterion.applies_to, ';'))
        ) as is_applicable
    from unit
    inner join {{ ref('dim_criterion') }} as criterion
        on {{ is_valid_on('criterion', 'unit.last_day') }}
),

-- a measure that is not computed has no rows, and leaves both sides unknown
counted as (
    select
        expected.*,
        case when expected.is_applicable then numerator.value end as numerator,
        case when expected.is_applicable then denominator.value end as denominator
    from expected
    left join {{ ref('fct_measure') }} as numerator
        on
            expected.period_month = numerator.period_month
            and expected.unit_code = numerator.unit_code
            and expected.numerator_measure = numerator.measure_code
    left join {{ ref('fct_measure') }} as denominator
        on
            expected.period_month = denominator.period_month
            and expected.unit_code = denominator.unit_code
            and expected.denominator_measure = denominator.measure_code
),

rated as (
    select
        *,
        {{ exact_ratio('numerator', 'denominator') }} as rate
    from counted
)

select
    period_month,
    province_code,
    unit_code,
    unit_type,
    criterion_code,
    group_code,
    catalogue_version,
    numerator,
    denominator,
    rate,
    max_points,
    -- divided once, so that the rounded rate leaves no trace in it; least() alone would pass over
    -- an unknown rate and give full marks
    case
        when rate is not null
            then least(
                max_points,
                {{ exact_ratio('max_points * numerator', 'denominator * target_rate') }}
            )
    end as score,
    case when rate is null then 'not_applicable' else 'scored' end as status
from rated
