{%- set models = form_figures() %}
{%- for model in models %}
    {%- if not loop.first %}

union all

    {% endif -%}
select
    counted.period,
    counted.province_code,
    figure.figure_code,
    figure.value
from {{ ref(model) }} as counted
cross join lateral (
    values
    {% for figure_code in models[model] -%}
        ('{{ figure_code }}', counted.{{ figure_code }}){{ ',' if not loop.last }}
    {% endfor %}
) as figure (figure_code, value)
{%- endfor %}
