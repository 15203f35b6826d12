{#- Whether the dated row aliased `row` is valid on a day: both ends are inclusive, an open end is
    null. -#}
{%- macro is_valid_on(row, day) -%}
    (
        {{ row }}.valid_from <= {{ day }}
        and ({{ row }}.valid_to is null or {{ day }} <= {{ row }}.valid_to)
    )
{%- endmacro -%}
