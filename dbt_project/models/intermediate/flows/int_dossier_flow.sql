{{
    config(
        materialized='incremental',
        incremental_strategy='append',
        on_schema_change='fail',
        pre_hook="{{ delete_touched_groups('received_month') }}",
        post_hook="{{ finish_first_build(
            'received_month, unit_code, closed_month, overdue_month, channel, outcome'
        ) }}"
    )
}}

-- depends_on: {{ ref('int_touched_unit_month') }}
with dossier as (
    {% if is_incremental() -%}
        {{ dossiers_of_touched_groups('received_month') }}
    {%- else -%}
        select * from {{ ref('fct_dossier') }}
    {%- endif %}
)

{{ dossier_flow('dossier', ['received_month', 'unit_code']) }}
