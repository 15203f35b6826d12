with province as (
    select
        score.*,
        period.last_day
    from {{ ref('mart_monthly_score') }} as score
    inner join {{ ref('int_period') }} as period
        on score.period_month = period.period_month
    where score.unit_type = 'province'
),

-- the points of each group with their maximum, and the national rank and average beside them
by_group as (
    select
        province.period_month,
        province.unit_code,
        shown.group_code,
        shown.points,
        shown.max_points,
        shown.national_rank,
        national.rank_out_of,
        average.average_score
    from province
    left join {{ ref('mart_national_ranking') }} as national
        on
            province.period_month = national.period_month
            and province.unit_code = national.province_code
    cross join lateral (
        values
        {% for group in criterion_groups() -%}
            (
                '{{ group }}',
                province.{{ group }},
                province.{{ group }}_max,
                national.rank_{{ group }}
            ),
        {% endfor -%}
        ('total', province.total_score, 100, national.rank)
    ) as shown (group_code, points, max_points, national_rank)
    left join {{ ref('mart_national_average') }} as average
        on
            province.period_month = average.period_month
            and shown.group_code = average.group_code
),

valued as (
    select
        province.period_month,
        province.unit_code as province_code,
        figure.row_code,
        figure.position,
        figure.label_vi,
        figure.criterion_code,
        province.last_day,
        case figure.figure
            when 'points' then by_group.points
            when 'points_rate'
                then {{ exact_ratio('100 * by_group.points', 'by_group.max_points') }}
            when 'average' then by_group.average_score
            when 'rank' then by_group.national_rank
            when 'criterion_rate'
                then {{ exact_ratio('100 * criterion.numerator', 'criterion.denominator') }}
            when 'criterion_numerator' then criterion.numerator
        end as value,
        case
            when figure.figure in ('points', 'average') then by_group.max_points
            when figure.figure = 'rank' then by_group.rank_out_of
        end as out_of
    from province
    inner join {{ ref('letter_figures') }} as figure
        on {{ is_valid_on('figure', 'province.last_day') }}
    left join by_group
        on
            province.period_month = by_group.period_month
            and province.unit_code = by_group.unit_code
            and figure.group_code = by_group.group_code
    left join {{ ref('mart_release_criterion_score') }} as criterion
        on
            province.period_month = criterion.period_month
            and province.unit_code = criterion.unit_code
            and figure.criterion_code = criterion.criterion_code
)

select
    valued.period_month,
    valued.province_code,
    valued.row_code,
    valued.position,
    valued.label_vi,
    valued.criterion_code,
    valued.value,
    valued.out_of,
    {{ printed_number('valued.value', 'rule') }} as printed_value
from valued
left join {{ ref('rounding_rules') }} as rule
    on
        rule.document = 'letter'
        and valued.row_code = rule.row_code
        and {{ is_valid_on('rule', 'valued.last_day') }}
