{{
    config(
        materialized='incremental',
        incremental_strategy='append',
        on_schema_change='fail',
        indexes=[{'columns': ['field_code', 'field_name'], 'unique': true}]
    )
}}

select distinct
    version.field_code,
    version.field_name
from
    {% if is_incremental() -%}
        {{ rows_in_scope(source('raw', 'dossiers')) }} as version
    {%- else -%}
        {{ source('raw', 'dossiers') }} as version
    inner join {{ ref('stg_readable_batch') }} as readable
        on version.batch_id = readable.batch_id
    {%- endif %}
where
    version.field_code is not null
    and version.field_name is not null
    {% if is_incremental() -%}
    and (version.field_code, version.field_name) not in (
        select
            existing.field_code,
            existing.field_name
        from {{ this }} as existing
    )
    {%- endif %}
