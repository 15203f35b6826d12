{#- numerator / denominator with 30 decimals; null where the denominator is 0.
    A quotient of plain numerics keeps only some 16 significant digits in PostgreSQL, because its
    scale follows the operands' display scale: rounding the numerator to 30 decimals (which
    changes no digit of it) gives the quotient 30 decimals. -#}
{%- macro exact_ratio(numerator, denominator) -%}
    (round(({{ numerator }})::numeric, 30) / nullif({{ denominator }}, 0))
{%- endmacro -%}
