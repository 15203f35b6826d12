{{ config(
    severity='error',
    meta={'reason': 'With a misspelt figure an identity would be undecided for ever, and nobody would notice.'}
) }}

with known as (
    select
        'row' as source,
        row_code as code
    from {{ ref('form_rows') }}
    where kind <> 'heading'
    union all
    select
        'text' as source,
        figure_code as code
    from {{ ref('form_narrative') }}
    {% for figures in form_figures().values() -%}
        {% for figure_code in figures -%}
            union all
            select
                'counted' as source,
                '{{ figure_code }}' as code
        {% endfor %}
    {%- endfor %}
)

select term.*
from ({{ form_identity_terms() }}) as term
left join known
    on
        term.source = known.source
        and term.code = known.code
where known.code is null
