{{ config(
    severity='error',
    meta={'reason': 'A total score is out of 100 points only if the maxima of the day sum to it.'}
) }}

select
    catalogue_version,
    sum(max_points) as max_points
from {{ ref('dim_criterion') }}
group by catalogue_version
having sum(max_points) <> 100
