{{
    config(
        materialized='incremental',
        incremental_strategy='append',
        on_schema_change='fail',
        indexes=[{'columns': ['feed', 'updated_on']}, {'columns': ['batch_id']}],
        pre_hook="{{ retire_batches_in_scope() }}",
        post_hook='analyze {{ this }}'
    )
}}

{#- A refused batch may have passed since, and a run that broke off may have counted its own:
    hence the hook. The batches of the scope are the only new ones. -#}

{% for feed in incremental_feed_names() -%}
    select
        batch_id,
        '{{ feed }}' as feed,
        {{ "unit_code" if feed == 'dossiers' else "null::text" }} as unit_code,
        {{ ict_date('version_at') }} as updated_on,
        count(*) as records
    {% if is_incremental() -%}
    from {{ rows_in_scope(source('raw', feed)) }} as brought
    {%- else -%}
    from {{ source('raw', feed) }}
    where
        batch_id in (select batch_id from {{ ref('stg_readable_batch') }})
        and version_at >= {{ first_delivery_asked() }}
    {%- endif %}
    group by 1, 2, 3, 4
    {% if not loop.last -%}
        union all
    {% endif -%}
{% endfor %}
