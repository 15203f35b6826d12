{{ config(
    severity='error',
    meta={'reason': 'Ranking, averages and reconciliation are read side by side: each is over every province of the month.'}
) }}

with ranking as (
    select
        period_month,
        count(*) as provinces,
        count(computed_rank) as computed,
        min(rank_out_of) as least_out_of,
        max(rank_out_of) as greatest_out_of,
        max(computed_rank) as greatest_computed_rank
    from {{ ref('mart_national_ranking') }}
    group by period_month
),

average as (
    select
        period_month,
        count(*) as averages,
        min(province_count) as least_count,
        max(province_count) as greatest_count
    from {{ ref('mart_national_average') }}
    group by period_month
),

reconciled as (
    select
        period_month,
        count(*) as comparisons
    from {{ ref('mart_score_reconciliation') }}
    group by period_month
)

select
    coalesce(ranking.period_month, average.period_month) as period_month,
    ranking.provinces,
    average.averages,
    reconciled.comparisons
from ranking
full join average
    on ranking.period_month = average.period_month
left join reconciled
    on ranking.period_month = reconciled.period_month
where
    ranking.provinces is null
    or average.averages is distinct from {{ criterion_groups() | length + 1 }}
    or ranking.provinces <> any(
        array[
            ranking.least_out_of,
            ranking.greatest_out_of,
            average.least_count,
            average.greatest_count
        ]
    )
    or ranking.greatest_computed_rank > ranking.provinces
    or coalesce(reconciled.comparisons, 0)
    <> ranking.computed * {{ criterion_groups() | length + 1 }}
