{#- Each of `values` is the code of exactly one dated row on the last day of every scored month,
    from the first day on which any row holds. -#}
{% test one_value_every_month(model, column_name, values) %}
    with wanted ({{ column_name }}) as (
        values
        {% for value in values -%}
            ('{{ value }}'){{ ',' if not loop.last }}
        {% endfor %}
    )

    select
        period.period_month,
        wanted.{{ column_name }},
        count(dated.{{ column_name }}) as row_count
    from {{ ref('int_period') }} as period
    cross join wanted
    left join {{ model }} as dated
        on
            wanted.{{ column_name }} = dated.{{ column_name }}
            and {{ is_valid_on('dated', 'period.last_day') }}
    where period.last_day >= (select min(valid_from) from {{ model }})
    group by period.period_month, wanted.{{ column_name }}
    having count(dated.{{ column_name }}) <> 1
{% endtest %}
