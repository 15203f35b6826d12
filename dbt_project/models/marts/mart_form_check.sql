with figure as (
    select
        'row' as source,
        period,
        province_code,
        row_code as code,
        value
    from {{ ref('mart_statistical_form') }}
    union all
    select
        'text' as source,
        period,
        province_code,
        figure_code as code,
        value
    from {{ ref('int_form_text_figure') }}
    union all
    select
        'counted' as source,
        period,
        province_code,
        figure_code as code,
        value::numeric as value
    from {{ ref('int_form_figure') }}
),

term as (
    {{ form_identity_terms() }}
),

-- a side is known when every term of it is, but for those that the paper may leave out
side as (
    select
        form_period.period,
        form_period.province_code,
        term.identity,
        term.side,
        case
            when bool_and(figure.value is not null or term.may_be_missing)
                then sum(coalesce(figure.value, 0))
        end as value
    from {{ ref('int_form_period') }} as form_period
    cross join term
    left join figure
        on
            form_period.period = figure.period
            and form_period.province_code = figure.province_code
            and term.source = figure.source
            and term.code = figure.code
    group by form_period.period, form_period.province_code, term.identity, term.side
),

stated as (
    select
        left_side.period,
        left_side.province_code,
        identity.identity,
        identity.position,
        identity.description_vi,
        identity.left_terms || ' ' || identity.comparison || ' ' || identity.right_terms as formula,
        left_side.value as left_value,
        right_side.value as right_value,
        case identity.comparison
            when '=' then left_side.value = right_side.value
            when '<=' then left_side.value <= right_side.value
            when '>=' then left_side.value >= right_side.value
        end as holds
    from {{ ref('form_identities') }} as identity
    inner join side as left_side
        on
            identity.identity = left_side.identity
            and left_side.side = 'left'
    inner join side as right_side
        on
            left_side.period = right_side.period
            and left_side.province_code = right_side.province_code
            and left_side.identity = right_side.identity
            and right_side.side = 'right'
),

rate as (
    select
        form.period,
        form.province_code,
        form.row_code,
        form.position,
        form.label_vi,
        form.value as rate,
        form_row.numerator_row,
        form_row.denominator_row,
        numerator.value as numerator,
        denominator.value as denominator,
        ratio.value as ratio,
        {{ rounded_number('form.value', 'rule') }} as rounded_rate,
        {{ rounded_number('ratio.value', 'rule') }} as rounded_ratio
    from {{ ref('mart_statistical_form') }} as form
    inner join {{ ref('int_form_period') }} as form_period
        on
            form.period = form_period.period
            and form.province_code = form_period.province_code
    inner join {{ ref('form_rows') }} as form_row
        on
            form.row_code = form_row.row_code
            and {{ is_valid_on('form_row', 'form_period.last_day') }}
    inner join {{ ref('rounding_rules') }} as rule
        on
            rule.document = 'statistical_form'
            and form.row_code = rule.row_code
            and {{ is_valid_on('rule', 'form_period.last_day') }}
    inner join {{ ref('mart_statistical_form') }} as numerator
        on
            form.period = numerator.period
            and form.province_code = numerator.province_code
            and form_row.numerator_row = numerator.row_code
    inner join {{ ref('mart_statistical_form') }} as denominator
        on
            form.period = denominator.period
            and form.province_code = denominator.province_code
            and form_row.denominator_row = denominator.row_code
    cross join lateral (
        select {{ exact_ratio('100 * numerator.value', 'denominator.value') }} as value
    ) as ratio
),

-- a rate is the ratio of its rows as far as the form prints it, and its rows are part and whole
derived as (
    select
        period,
        province_code,
        'rate_' || row_code as identity,
        1000 + position as position,
        label_vi as description_vi,
        'row.' || row_code || ' = 100 × row.' || numerator_row || ' / row.' || denominator_row
            as formula,
        rate as left_value,
        ratio as right_value,
        rounded_rate = rounded_ratio as holds
    from rate
    union all
    select
        period,
        province_code,
        'part_' || row_code as identity,
        2000 + position as position,
        label_vi as description_vi,
        'row.' || numerator_row || ' <= row.' || denominator_row as formula,
        numerator as left_value,
        denominator as right_value,
        numerator <= denominator as holds
    from rate
)

select
    period,
    province_code,
    identity,
    position::integer as position,
    description_vi,
    formula,
    left_value,
    right_value,
    left_value - right_value as difference,
    holds
from stated
union all
select
    period,
    province_code,
    identity,
    position::integer as position,
    description_vi,
    formula,
    left_value,
    right_value,
    left_value - right_value as difference,
    holds
from derived
