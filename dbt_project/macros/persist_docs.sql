{#- The comments of a relation and of its columns, as one statement. dbt's own asks the database
    twice for the columns that there are, of every node of every run; one that is documented and
    not there is an error here. -#}
{%- macro postgres__persist_docs(relation, model, for_relation, for_columns) -%}
    {%- set comments = [] -%}
    {%- if for_relation and config.persist_relation_docs() -%}
        {%- do comments.append(alter_relation_comment(relation, model.description)) -%}
    {%- endif -%}
    {%- if for_columns and config.persist_column_docs() -%}
        {%- for column in model.columns.values() -%}
            {%- set name = adapter.quote(column.name) if column.quote else column.name -%}
            {%- set words = postgres_escape_comment(column.description) -%}
            {%- do comments.append('comment on column %s.%s is %s;' % (relation, name, words)) -%}
        {%- endfor -%}
    {%- endif -%}
    {%- if comments -%}
        {%- call statement('persist_docs') -%}{{ comments | join('\n') }}{%- endcall -%}
    {%- endif -%}
{%- endmacro -%}
