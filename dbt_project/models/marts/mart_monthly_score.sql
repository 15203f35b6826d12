{%- set groups = [
    'transparency', 'timeliness', 'online_service', 'online_payment', 'digitisation', 'satisfaction'
] -%}
{{
    config(
        materialized='incremental',
        incremental_strategy='append',
        on_schema_change='fail',
        pre_hook="{{ delete_touched_months() }}"
    )
}}

-- depends_on: {{ ref('int_touched_month') }}
-- a month shows the rank of the month before it, so that one is ranked along
with month_to_rank as (
    select
        period_month,
        last_day
    from {{ ref('int_period') }}
    {% if is_incremental() -%}
        where
            period_month in (select period_month from {{ ref('int_touched_month') }})
            or {{ next_month('period_month') }} in (
                select period_month from {{ ref('int_touched_month') }}
            )
    {%- endif %}
),

policy as (
    select
        month_to_rank.period_month,
        month_to_rank.last_day,
        string_to_array(ranking.ranked_unit_types, ';') as ranked_unit_types,
        ranking.compared_decimals,
        ranking.minimum_volume,
        ranking.volume_measure
    from month_to_rank
    inner join {{ ref('ranking_policy') }} as ranking
        on {{ is_valid_on('ranking', 'month_to_rank.last_day') }}
),

scored as (
    select
        score.period_month,
        score.unit_code,
        score.group_code,
        score.score,
        score.max_points,
        ranking.criterion_code is not null as is_ranking_criterion
    from {{ ref('fct_criterion_score') }} as score
    inner join month_to_rank
        on score.period_month = month_to_rank.period_month
    left join {{ ref('ranking_criteria') }} as ranking
        on
            score.criterion_code = ranking.criterion_code
            and {{ is_valid_on('ranking', 'month_to_rank.last_day') }}
    where score.status = 'scored'
),

summed as (
    select
        period_month,
        unit_code,
        {% for group in groups -%}
            sum(score) filter (where group_code = '{{ group }}') as {{ group }},
            sum(max_points) filter (where group_code = '{{ group }}') as {{ group }}_max,
        {% endfor -%}
        sum(score) as raw_points,
        sum(max_points) as applicable_max_points,
        bool_or(is_ranking_criterion) as has_ranking_criterion
    from scored
    group by period_month, unit_code
),

totalled as (
    select
        unit.period_month,
        unit.province_code,
        unit.unit_code,
        unit.unit_name,
        unit.unit_type,
        {% for group in groups -%}
            coalesce(summed.{{ group }}, 0) as {{ group }},
            coalesce(summed.{{ group }}_max, 0) as {{ group }}_max,
        {% endfor -%}
        coalesce(summed.raw_points, 0) as raw_points,
        coalesce(summed.applicable_max_points, 0) as applicable_max_points,
        {{ exact_ratio('100 * summed.raw_points', 'summed.applicable_max_points') }}
            as total_score,
        policy.last_day,
        policy.compared_decimals,
        case
            when unit.unit_type <> all(policy.ranked_unit_types) then 'unit_type_not_ranked'
            when summed.has_ranking_criterion is not true then 'no_ranking_criterion'
            when volume.value < policy.minimum_volume then 'below_minimum_volume'
            else 'ranked'
        end as ranking_status
    from policy
    inner join {{ ref('int_unit_period') }} as unit
        on policy.period_month = unit.period_month
    left join summed
        on
            unit.period_month = summed.period_month
            and unit.unit_code = summed.unit_code
    left join {{ ref('fct_measure') }} as volume
        on
            unit.period_month = volume.period_month
            and unit.unit_code = volume.unit_code
            and policy.volume_measure = volume.measure_code
),

ranked as (
    select
        period_month,
        unit_code,
        rank() over (
            partition by period_month, province_code, unit_type
            order by round(total_score, compared_decimals) desc
        ) as rank,
        count(*) over (partition by period_month, province_code, unit_type) as rank_out_of
    from totalled
    where ranking_status = 'ranked'
)

select
    totalled.period_month,
    totalled.province_code,
    totalled.unit_code,
    totalled.unit_name,
    totalled.unit_type,
    {% for group in groups -%}
        totalled.{{ group }},
        totalled.{{ group }}_max,
    {% endfor -%}
    totalled.raw_points,
    totalled.applicable_max_points,
    totalled.total_score,
    band.name_vi as band,
    totalled.ranking_status,
    ranked.rank,
    ranked.rank_out_of,
    previous.rank as previous_rank,
    exists(
        select 1
        from {{ ref('series_breaks') }} as series_break
        where date_trunc('month', series_break.break_on::timestamp)::date = totalled.period_month
    ) as is_series_break
from totalled
left join ranked
    on
        totalled.period_month = ranked.period_month
        and totalled.unit_code = ranked.unit_code
left join ranked as previous
    on
        totalled.period_month = {{ next_month('previous.period_month') }}
        and totalled.unit_code = previous.unit_code
-- the exact score decides the band; 20 decimals only take away what the quotients of 30 decimals
-- leave behind, so that three thirds are a whole
left join lateral (
    select candidate.name_vi
    from {{ ref('bands') }} as candidate
    where
        {{ is_valid_on('candidate', 'totalled.last_day') }}
        and candidate.minimum_score <= round(totalled.total_score, 20)
    order by candidate.minimum_score desc
    limit 1
) as band on true
{% if is_incremental() -%}
    where totalled.period_month in (select period_month from {{ ref('int_touched_month') }})
{%- endif %}
