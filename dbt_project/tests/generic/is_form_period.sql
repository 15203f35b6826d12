{#- The column names a quarter (2025Q3), a half-year (2025H1) or a year (2025). -#}
{% test is_form_period(model, column_name) %}
    select {{ column_name }}
    from {{ model }}
    where coalesce({{ column_name }} !~ '^[0-9]{4}(Q[1-4]|H[12])?$', true)
{% endtest %}
