{{ config(
    severity='warn',
    meta={'reason': 'Groups printed with one decimal are off by 0.05 each, six of them by 0.3. More means that a group changed its meaning. Only a warning: both are shown as the portal has them.'}
) }}

select
    period_month,
    province_code,
    total_score
from {{ ref('mart_national_ranking') }}
where abs({{ criterion_groups() | join(' + ') }} - total_score) > 0.3
