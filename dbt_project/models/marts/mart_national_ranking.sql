with computed as (
    select
        score.period_month,
        score.unit_code as province_code,
        score.total_score
    from {{ ref('mart_monthly_score') }} as score
    where {{ is_held_province('score') }}
),

-- the portal shows totals with two decimals; ours is compared as it would stand there
compared as (
    select
        published.*,
        computed.province_code is not null as is_computed,
        round(coalesce(computed.total_score, published.total_score), 2) as compared_total
    from {{ ref('stg_national_scores') }} as published
    left join computed
        on
            published.period_month = computed.period_month
            and published.province_code = computed.province_code
),

ranked as (
    select
        *,
        count(*) over month_table as rank_out_of,
        {% for group in criterion_groups() -%}
            rank() over (month_table order by {{ group }} desc) as rank_{{ group }},
        {% endfor -%}
        rank() over (month_table order by compared_total desc) as rank_by_compared_total
    from compared
    window month_table as (partition by period_month)
)

select
    ranked.period_month,
    ranked.province_code,
    province.province_name,
    {% for group in criterion_groups() -%}
        ranked.{{ group }},
    {% endfor -%}
    ranked.total_score,
    ranked.rank::bigint as rank,
    ranked.rank_out_of,
    {% for group in criterion_groups() -%}
        ranked.rank_{{ group }},
    {% endfor -%}
    case when ranked.is_computed then ranked.rank_by_compared_total end as computed_rank
from ranked
left join {{ ref('provinces') }} as province
    on
        ranked.province_code = province.province_code
        and {{ is_valid_on('province', last_day_of('ranked.period_month')) }}
