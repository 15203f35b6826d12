{#- Whether two dated rows are in force on a common day. -#}
{%- macro overlap(left, right) -%}
    (
        {{ left }}.valid_from <= coalesce({{ right }}.valid_to, 'infinity')
        and {{ right }}.valid_from <= coalesce({{ left }}.valid_to, 'infinity')
    )
{%- endmacro -%}
