{{ config(
    severity='error',
    meta={'reason': 'The total, its groups and the rank beside it are one statement about a unit.'}
) }}

with ranked as (
    select
        total.period_month,
        total.unit_code,
        count(*) over peers as peers,
        case policy.tie_rule
            when 'dense' then dense_rank() over by_score
            else rank() over by_score
        end as expected_rank
    from {{ ref('mart_monthly_score') }} as total
    inner join {{ ref('int_period') }} as period
        on total.period_month = period.period_month
    inner join {{ ref('ranking_policy') }} as policy
        on {{ is_valid_on('policy', 'period.last_day') }}
    where total.rank is not null
    window
        peers as (partition by total.period_month, total.province_code, total.unit_type),
        by_score as (peers order by round(total.total_score, policy.compared_decimals) desc)
)

select total.*
from {{ ref('mart_monthly_score') }} as total
left join ranked
    on
        total.period_month = ranked.period_month
        and total.unit_code = ranked.unit_code
where
    coalesce(total.raw_points, 0) <> (
        coalesce(total.transparency, 0)
        + coalesce(total.timeliness, 0)
        + coalesce(total.online_service, 0)
        + coalesce(total.online_payment, 0)
        + coalesce(total.digitisation, 0)
        + coalesce(total.satisfaction, 0)
    )
    or total.applicable_max_points <> (
        total.transparency_max
        + total.timeliness_max
        + total.online_service_max
        + total.online_payment_max
        + total.digitisation_max
        + total.satisfaction_max
    )
    or total.applicable_max_points not between 0 and 100
    or total.total_score not between 0 and 100
    or (total.total_score is null) <> (total.applicable_max_points = 0)
    or total.rank_out_of is distinct from ranked.peers
    or total.rank is distinct from ranked.expected_rank
