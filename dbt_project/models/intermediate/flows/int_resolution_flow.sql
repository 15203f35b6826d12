{{
    config(
        materialized='incremental',
        incremental_strategy='append',
        on_schema_change='fail',
        pre_hook=[
            "{{ full_build_without(['sort', 'incremental_sort']) }}",
            "{{ delete_touched_groups('resolved_month') }}",
        ],
        post_hook="{{ finish_first_build(
            'resolved_month, unit_code, field_code, procedure_code, procedure_unit_code, '
            ~ 'is_submitted_online, fee_settled_month, '
            ~ 'has_electronic_result, is_returned_online_or_by_post, is_without_in_person_step, '
            ~ 'vaulted_month'
        ) }}"
    )
}}

-- depends_on: {{ ref('int_touched_unit_month') }}
with dossier as (
    {% if is_incremental() -%}
        {{ dossiers_of_touched_groups('resolved_month') }}
    {%- else -%}
        select *
        from {{ ref('fct_dossier') }}
        where resolved_month is not null
    {%- endif %}
)

{{ resolution_flow('dossier', ['resolved_month', 'unit_code']) }}
