{{ config(
    severity='error',
    meta={'reason': 'A number without a rule is not printed at all.'}
) }}

select form_row.row_code
from {{ ref('form_rows') }} as form_row
left join {{ ref('rounding_rules') }} as rule
    on
        rule.document = 'statistical_form'
        and form_row.row_code = rule.row_code
        and {{ overlap('form_row', 'rule') }}
where
    form_row.kind <> 'heading'
    and rule.row_code is null
