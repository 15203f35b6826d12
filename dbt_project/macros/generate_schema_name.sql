{#- Schemas are named exactly as configured: the warehouse contract fixes them,
    so dbt's usual prefix by target would break every reader. -#}
{%- macro generate_schema_name(custom_schema_name, node) -%}
    {{ custom_schema_name if custom_schema_name is not none else target.schema }}
{%- endmacro -%}
