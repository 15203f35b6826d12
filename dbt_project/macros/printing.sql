{#- How numbers are printed: by a named rule per document and row, a row of the seed
    rounding_rules (here aliased `rule`). Nothing is rounded anywhere else. Numeric throughout:
    round(2.5) is 3 in numeric and 2 in floating point. -#}

{#- The value as the rule rounds it: half up (away from zero), or cut off. -#}
{%- macro rounded_number(value, rule) -%}
    case {{ rule }}.rule
        when 'half_up' then round(({{ value }})::numeric, {{ rule }}.decimals)
        when 'truncate' then trunc(({{ value }})::numeric, {{ rule }}.decimals)
    end
{%- endmacro -%}


{#- The value as text, as the document prints it: 16095 is 16.095, 97.546 is 97.54%, 6 is 06.
    Null where there is no value or no rule. The integer part is grouped by a pattern with literal
    commas, since a locale's own separators would differ from host to host. -#}
{%- macro printed_number(value, rule) -%}
    {%- set rounded = rounded_number(value, rule) -%}
    {%- set grouped -%}
        replace(
            to_char(trunc(abs({{ rounded }})), 'FM999,999,999,999,999,999,990'),
            ',',
            coalesce({{ rule }}.thousands_separator, '')
        )
    {%- endset -%}
    (
        case when {{ rounded }} < 0 then '-' else '' end
        || lpad({{ grouped }}, greatest(length({{ grouped }}), {{ rule }}.minimum_digits), '0')
        || case
            when {{ rule }}.decimals > 0
                then
                    coalesce({{ rule }}.decimal_separator, '')
                    || split_part(({{ rounded }})::text, '.', 2)
            else ''
        end
        || coalesce({{ rule }}.suffix, '')
    )
{%- endmacro -%}
