{{ config(materialized='view') }}

with scored as (
    select distinct
        period_month,
        catalogue_version
    from {{ ref('fct_criterion_score') }}
)

select
    scored.period_month,
    criterion.criterion_code,
    criterion.catalogue_version,
    criterion.group_code,
    criterion.official_number,
    criterion.official_subheading,
    criterion.name_vi,
    criterion.name_en,
    criterion.max_points,
    criterion.basis,
    criterion.applies_to,
    criterion.target_rate,
    numerator.name_vi as numerator_vi,
    numerator.name_en as numerator_en,
    denominator.name_vi as denominator_vi,
    denominator.name_en as denominator_en,
    denominator.counts,
    criterion.lead_unit,
    criterion.cooperating_units,
    suspension.reason_vi as suspended_because
from scored
inner join {{ ref('dim_criterion') }} as criterion
    on scored.catalogue_version = criterion.catalogue_version
inner join {{ ref('measures') }} as numerator
    on criterion.numerator_measure = numerator.measure_code
inner join {{ ref('measures') }} as denominator
    on criterion.denominator_measure = denominator.measure_code
left join {{ ref('publication_suspensions') }} as suspension
    on
        criterion.criterion_code = suspension.criterion_code
        and {{ is_valid_on('suspension', last_day_of('scored.period_month')) }}
