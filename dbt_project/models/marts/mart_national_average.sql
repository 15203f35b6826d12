with published as (
    select
        published.period_month,
        shown.group_code,
        shown.points
    from {{ ref('stg_national_scores') }} as published
    {{ points_as_rows('published', 'total_score') }}
),

maximum as (
    select
        month_table.period_month,
        coalesce(criterion.group_code, 'total') as group_code,
        sum(criterion.max_points) as max_points
    from (select distinct period_month from published) as month_table
    inner join {{ ref('dim_criterion') }} as criterion
        on {{ is_valid_on('criterion', last_day_of('month_table.period_month')) }}
    group by
        month_table.period_month,
        grouping sets ((criterion.group_code), ())
)

select
    published.period_month,
    published.group_code,
    {{ exact_ratio('sum(published.points)', 'count(published.points)') }} as average_score,
    maximum.max_points,
    count(published.points) as province_count
from published
left join maximum
    on
        published.period_month = maximum.period_month
        and published.group_code = maximum.group_code
group by published.period_month, published.group_code, maximum.max_points
