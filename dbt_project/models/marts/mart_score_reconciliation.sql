with computed as (
    select
        score.period_month,
        score.unit_code as province_code,
        shown.group_code,
        shown.points
    from {{ ref('mart_monthly_score') }} as score
    {{ points_as_rows('score', 'raw_points') }}
    where {{ is_held_province('score') }}
),

published as (
    select
        published.period_month,
        published.province_code,
        shown.group_code,
        shown.points
    from {{ ref('stg_national_scores') }} as published
    {{ points_as_rows('published', 'total_score') }}
)

select
    computed.period_month,
    computed.province_code,
    computed.group_code,
    computed.points as computed_points,
    published.points as published_points,
    computed.points - published.points as difference
from computed
inner join published
    on
        computed.period_month = published.period_month
        and computed.province_code = published.province_code
        and computed.group_code = published.group_code
