{#- The model has rows for exactly the units that are valid in a scored month. -#}
{% test covers_every_unit(model) %}
    with present as (
        select distinct
            period_month,
            unit_code
        from {{ model }}
    )

    select
        period_month,
        unit_code,
        present.unit_code is null as is_missing
    from present
    full join {{ ref('int_unit_period') }} as unit
        using (period_month, unit_code)
    where present.unit_code is null or unit.unit_code is null
{% endtest %}
