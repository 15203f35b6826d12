{#- The last day of a month, by whose catalogue its national results are read. -#}
{%- macro last_day_of(month) -%}
    ({{ next_month(month) }} - 1)
{%- endmacro -%}


{#- A row's points by group, and its total, as rows (group_code, points) aliased `shown`; joined
    laterally to the relation aliased `row`. -#}
{%- macro points_as_rows(row, total) -%}
    cross join lateral (
        values
        {% for group in criterion_groups() -%}
        ('{{ group }}', {{ row }}.{{ group }}),
        {% endfor -%}
        ('total', {{ row }}.{{ total }})
    ) as shown (group_code, points)
{%- endmacro -%}
