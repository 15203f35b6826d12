{{ config(
    severity='error',
    meta={'reason': 'A score outside its bounds means a numerator that counts more than its denominator.'}
) }}

select *
from {{ ref('fct_criterion_score') }}
where
    numerator > denominator
    or not (score between 0 and max_points)
    or (status = 'scored') <> coalesce(denominator > 0, false)
    or (status = 'scored') <> (score is not null)
