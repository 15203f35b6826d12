with form_row as (
    select
        form_period.period,
        form_period.province_code,
        form_period.last_day,
        form_period.missing_months,
        form_row.*
    from {{ ref('int_form_period') }} as form_period
    inner join {{ ref('form_rows') }} as form_row
        on {{ is_valid_on('form_row', 'form_period.last_day') }}
),

-- counted, or written in by hand; a rate has its value from the two rows under it
stated as (
    select
        form_row.period,
        form_row.province_code,
        form_row.row_code,
        coalesce(figure.value::numeric, entry.value) as value,
        entry.note_vi
    from form_row
    left join {{ ref('int_form_figure') }} as figure
        on
            form_row.period = figure.period
            and form_row.province_code = figure.province_code
            and form_row.figure_code = figure.figure_code
    left join {{ ref('int_form_entry') }} as entry
        on
            form_row.period = entry.period
            and form_row.province_code = entry.province_code
            and form_row.row_code = entry.row_code
            and form_row.origin = 'by_hand'
),

valued as (
    select
        form_row.*,
        own.note_vi,
        case
            when form_row.numerator_row is null then own.value
            else {{ exact_ratio('100 * numerator.value', 'denominator.value') }}
        end as value
    from form_row
    inner join stated as own
        on
            form_row.period = own.period
            and form_row.province_code = own.province_code
            and form_row.row_code = own.row_code
    left join stated as numerator
        on
            form_row.period = numerator.period
            and form_row.province_code = numerator.province_code
            and form_row.numerator_row = numerator.row_code
    left join stated as denominator
        on
            form_row.period = denominator.period
            and form_row.province_code = denominator.province_code
            and form_row.denominator_row = denominator.row_code
    where form_row.kind <> 'heading'
)

select
    valued.period,
    valued.province_code,
    valued.row_code,
    valued.position,
    coalesce(part.label_vi, heading.label_vi) as part_vi,
    case when part.row_code is not null then heading.label_vi end as heading_vi,
    valued.label_vi,
    valued.unit_of_measure,
    valued.value,
    {{ printed_number('valued.value', 'rule') }} as printed_value,
    valued.origin,
    valued.note_vi,
    valued.missing_months
from valued
inner join form_row as heading
    on
        valued.period = heading.period
        and valued.province_code = heading.province_code
        and valued.heading_row = heading.row_code
left join form_row as part
    on
        heading.period = part.period
        and heading.province_code = part.province_code
        and heading.heading_row = part.row_code
left join {{ ref('rounding_rules') }} as rule
    on
        rule.document = 'statistical_form'
        and valued.row_code = rule.row_code
        and {{ is_valid_on('rule', 'valued.last_day') }}
