{#- Schemas are named exactly as configured: the warehouse contract fixes them, so dbt's usual
    prefix by target would break every reader. Marts as they were known at an instant are built
    beside the live ones, in schemas with a prefix. -#}
{%- macro generate_schema_name(custom_schema_name, node) -%}
    {{ var('schema_prefix', '') ~ (custom_schema_name or target.schema) }}
{%- endmacro -%}
