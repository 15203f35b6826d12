{{ config(
    severity='error',
    meta={'reason': 'A score outside its bounds means a numerator that counts more than its denominator.'}
) }}

select *
from {{ ref('fct_criterion_score') }}
where
    numerator > denominator
    or not (score between 0 and max_points)
    or (denominator > 0 and score is null)
    or (denominator is null and score is not null)
    or (status = 'scored') <> (score is not null)
