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

-- the second of the two rows under a rate is a part of the first
part as (
    select
        form_period.period,
        form_period.province_code,
        'part_' || form_row.row_code as identity,
        1000 + form_row.position as position,
        form_row.label_vi as description_vi,
        'row.' || form_row.numerator_row || ' <= row.' || form_row.denominator_row as formula,
        numerator.value as left_value,
        denominator.value as right_value,
        numerator.value <= denominator.value as holds
    from {{ ref('int_form_period') }} as form_period
    inner join {{ ref('form_rows') }} as form_row
        on {{ is_valid_on('form_row', 'form_period.last_day') }}
    inner join {{ ref('mart_statistical_form') }} as numerator
        on
            form_period.period = numerator.period
            and form_period.province_code = numerator.province_code
            and form_row.numerator_row = numerator.row_code
    inner join {{ ref('mart_statistical_form') }} as denominator
        on
            form_period.period = denominator.period
            and form_period.province_code = denominator.province_code
            and form_row.denominator_row = denominator.row_code
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
from part
