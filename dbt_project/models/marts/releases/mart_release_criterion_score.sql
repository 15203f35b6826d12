{{ config(materialized='view') }}

select
    score.period_month,
    score.province_code,
    score.unit_code,
    score.unit_type,
    score.criterion_code,
    score.group_code,
    score.catalogue_version,
    case when suspension.criterion_code is null then score.numerator end as numerator,
    case when suspension.criterion_code is null then score.denominator end as denominator,
    case when suspension.criterion_code is null then score.rate end as rate,
    score.max_points,
    case when suspension.criterion_code is null then score.score end as score,
    case when suspension.criterion_code is null then score.status else 'suspended' end as status
from {{ ref('fct_criterion_score') }} as score
left join {{ ref('publication_suspensions') }} as suspension
    on
        score.criterion_code = suspension.criterion_code
        and {{ is_valid_on('suspension', last_day_of('score.period_month')) }}
