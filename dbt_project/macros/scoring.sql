{#- From measures to criterion scores. `unit` is a CTE of the units to score (period_month,
    province_code, unit_code, unit_type, judged_as: the unit type whose criteria apply, last_day),
    `measures` a relation of the form of fct_measure. -#}
{%- macro criterion_score_rows(unit, measures) -%}
    {#- divided once, so that the rounded rate leaves no trace in it; least() alone would pass over
        an unknown rate and give full marks -#}
    {%- set points = exact_ratio('max_points * numerator', 'denominator * target_rate') -%}
    select
        period_month,
        province_code,
        unit_code,
        unit_type,
        criterion_code,
        group_code,
        catalogue_version,
        numerator,
        denominator,
        rate,
        max_points,
        score,
        case when score is null then 'not_applicable' else 'scored' end as status
    from (
        select
            *,
            {{ exact_ratio('numerator', 'denominator') }} as rate,
            case
                when denominator > 0 then least(max_points, {{ points }})
                when denominator = 0 and zero_denominator_outcome = 'zero' then 0
                when denominator = 0 and zero_denominator_outcome = 'full_marks' then max_points
            end as score
        from (
            select
                unit.period_month,
                unit.province_code,
                unit.unit_code,
                unit.unit_type,
                criterion.criterion_code,
                criterion.group_code,
                criterion.catalogue_version,
                criterion.max_points,
                criterion.target_rate,
                policy.outcome as zero_denominator_outcome,
                numerator.value as numerator,
                denominator.value as denominator
            from {{ unit }} as unit
            inner join {{ ref('zero_denominator_policy') }} as policy
                on {{ is_valid_on('policy', 'unit.last_day') }}
            -- every criterion of the catalogue valid at the month's end
            inner join {{ ref('dim_criterion') }} as criterion
                on {{ is_valid_on('criterion', 'unit.last_day') }}
            cross join lateral (
                select
                    criterion.applies_to = 'all'
                    or unit.judged_as = any(string_to_array(criterion.applies_to, ';'))
            ) as criterion_for_unit (applies)
            left join {{ measures }} as numerator
                on
                    criterion_for_unit.applies
                    and unit.period_month = numerator.period_month
                    and unit.unit_code = numerator.unit_code
                    and criterion.numerator_measure = numerator.measure_code
            left join {{ measures }} as denominator
                on
                    criterion_for_unit.applies
                    and unit.period_month = denominator.period_month
                    and unit.unit_code = denominator.unit_code
                    and criterion.denominator_measure = denominator.measure_code
        ) as counted
    ) as scored
{%- endmacro -%}


{#- The criterion groups, which are columns of the monthly scores. -#}
{%- macro criterion_groups() -%}
    {{- return([
        'transparency',
        'timeliness',
        'online_service',
        'online_payment',
        'digitisation',
        'satisfaction',
    ]) -}}
{%- endmacro -%}


{#- From criterion scores to totals, bands and ranks. `unit` is a CTE of the units to rank
    (period_month, province_code, unit_code, unit_name, unit_type, last_day): all of a month, and of
    the month before a month that is wanted, whose ranks are shown. `scores` and `measures` are
    relations of the form of fct_criterion_score and fct_measure. -#}
{%- macro monthly_score_rows(unit, scores, measures) -%}
    {%- set groups = criterion_groups() -%}
    with scored as (
        select
            unit.period_month,
            unit.unit_code,
            score.group_code,
            score.score,
            score.max_points,
            ranking.criterion_code is not null as is_ranking_criterion
        from {{ unit }} as unit
        inner join {{ scores }} as score
            on
                unit.period_month = score.period_month
                and unit.unit_code = score.unit_code
                and score.status = 'scored'
        left join {{ ref('ranking_criteria') }} as ranking
            on
                score.criterion_code = ranking.criterion_code
                and {{ is_valid_on('ranking', 'unit.last_day') }}
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
            unit.last_day,
            policy.compared_decimals,
            policy.tie_rule,
            case
                when unit.unit_type <> all(string_to_array(policy.ranked_unit_types, ';'))
                    then 'unit_type_not_ranked'
                when summed.has_ranking_criterion is not true then 'no_ranking_criterion'
                when volume.value < policy.minimum_volume then 'below_minimum_volume'
                else 'ranked'
            end as ranking_status
        from {{ unit }} as unit
        inner join {{ ref('ranking_policy') }} as policy
            on {{ is_valid_on('policy', 'unit.last_day') }}
        left join summed
            on
                unit.period_month = summed.period_month
                and unit.unit_code = summed.unit_code
        left join {{ measures }} as volume
            on
                unit.period_month = volume.period_month
                and unit.unit_code = volume.unit_code
                and policy.volume_measure = volume.measure_code
    ),

    ranked as (
        select
            period_month,
            unit_code,
            case tie_rule
                when 'dense' then dense_rank() over by_score
                else rank() over by_score
            end as rank,
            count(*) over (partition by period_month, province_code, unit_type) as rank_out_of
        from totalled
        where ranking_status = 'ranked'
        window by_score as (
            partition by period_month, province_code, unit_type
            order by round(total_score, compared_decimals) desc
        )
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
            where
                date_trunc('month', series_break.break_on::timestamp)::date
                = totalled.period_month
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
    -- the exact score decides the band; 20 decimals only take away what the quotients of 30
    -- decimals leave behind, so that three thirds are a whole
    left join lateral (
        select candidate.name_vi
        from {{ ref('bands') }} as candidate
        where
            {{ is_valid_on('candidate', 'totalled.last_day') }}
            and candidate.minimum_score <= round(totalled.total_score, 20)
        order by candidate.minimum_score desc
        limit 1
    ) as band on true
{%- endmacro -%}


{#- Whether a month is scored in this run, or is the one before such a month, whose ranks that one
    shows. -#}
{%- macro is_month_to_rank(month) -%}
    {%- if is_incremental() -%}
        (
            {{ month }} in (select period_month from {{ ref('int_touched_month') }})
            or {{ next_month(month) }} in (select period_month from {{ ref('int_touched_month') }})
        )
    {%- else -%}
        true
    {%- endif -%}
{%- endmacro -%}


{#- Whether a month is scored in this run. -#}
{%- macro is_touched_month(month) -%}
    {%- if is_incremental() -%}
        {{ month }} in (select period_month from {{ ref('int_touched_month') }})
    {%- else -%}
        true
    {%- endif -%}
{%- endmacro -%}
