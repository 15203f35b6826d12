{#- The comments of a relation and of its columns, as one statement. dbt's own asks the database
    twice for the columns that there are, of every node of every run; one that is documented and
    not there is an error here. -#}
{%- macro postgres__persist_docs(relation, model, for_relation, for_columns) -%}
    {%- call statement('persist_docs') -%}
        {%- if for_relation and config.persist_relation_docs() -%}
            {{ alter_relation_comment(relation, model.description) }}
        {%- endif -%}
        {%- if for_columns and config.persist_column_docs() -%}
            {%- for column in model.columns.values() %}
    comment on column {{ relation }}.{{ column.name }}
    is {{ postgres_escape_comment(column.description) }};
            {%- endfor -%}
        {%- endif -%}
    {%- endcall -%}
{%- endmacro -%}
