{#- Very satisfied and satisfied. The neutral mark BT counts in denominators only. -#}
{%- macro satisfied_marks() -%}
    ('RHL', 'HL')
{%- endmacro -%}
