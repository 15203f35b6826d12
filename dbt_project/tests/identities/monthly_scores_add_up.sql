{{ config(
    severity='error',
    meta={'reason': 'The total, its groups and the rank beside it are one statement about a unit.'}
) }}

with ranked as (
    select
        period_month,
        unit_code,
        count(*) over peers as peers,
        rank() over (peers order by round(total_score, 10) desc) as expected_rank
    from {{ ref('mart_monthly_score') }}
    where rank is not null
    window peers as (partition by period_month, province_code, unit_type)
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
