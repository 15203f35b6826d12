{{ config(
    severity='error',
    meta={'reason': 'A target typed as 70 instead of 0.70 could never be met.'}
) }}

select *
from {{ ref('targets') }}
where (target_rate > 0 and target_rate <= 1) is not true
