{{ config(
    severity='error',
    meta={'reason': 'A computed row without a figure, or with an unknown one, would be printed empty.'}
) }}

with known (figure_code) as (
    values
    {% for figures in form_figures().values() -%}
        {% set is_last_model = loop.last -%}
        {% for figure_code in figures -%}
            ('{{ figure_code }}'){{ ',' if not (loop.last and is_last_model) }}
        {% endfor %}
    {%- endfor %}
)

select form_row.*
from {{ ref('form_rows') }} as form_row
left join known
    on form_row.figure_code = known.figure_code
where
    (form_row.kind = 'heading') is distinct from (form_row.origin is null)
    or (form_row.numerator_row is null) is distinct from (form_row.denominator_row is null)
    or (form_row.figure_code is not null and known.figure_code is null)
    -- computed: from a figure or from two rows; by hand or a heading: from neither
    or (coalesce(form_row.origin, '') = 'computed')
    is distinct from ((form_row.figure_code is not null) <> (form_row.numerator_row is not null))
