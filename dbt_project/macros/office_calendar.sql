{#- Whether the office calendar knows the year of a day: in others nothing can be held against what
    used to come. -#}
{%- macro calendar_knows_year(day) -%}
    exists (
        select 1
        from {{ ref('int_known_year') }} as known
        where known.year = extract(year from {{ day }})
    )
{%- endmacro -%}
