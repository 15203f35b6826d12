{{ config(
    severity='error',
    meta={'reason': 'More points than a group has, or none at all, mean that national_portal_columns maps the wrong columns.'}
) }}

select
    published.period_month,
    published.province_code,
    shown.group_code,
    shown.points,
    average.max_points
from {{ ref('stg_national_scores') }} as published
{{ points_as_rows('published', 'total_score') }}
left join {{ ref('mart_national_average') }} as average
    on
        published.period_month = average.period_month
        and shown.group_code = average.group_code
where
    shown.points is null
    or shown.points < 0
    or shown.points > average.max_points
