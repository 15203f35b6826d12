{{
    config(
        materialized='incremental',
        incremental_strategy='append',
        on_schema_change='fail',
        pre_hook="{{ delete_touched_months() }}"
    )
}}

-- depends_on: {{ ref('int_touched_month') }}
-- depends_on: {{ ref('int_period') }}
with resolution as (
    select *
    from {{ ref('int_unit_resolution') }}
    {% if is_incremental() -%}
        where period_month in (select period_month from {{ ref('int_touched_month') }})
    {%- endif %}
),

-- which source units count for a unit: its own records, and for a province everything under it
counting as (
    select
        period_month,
        unit_code,
        source_unit_code,
        coalesce(unit_code = province_code, false) as counts_codes
    from resolution
    union
    select
        period_month,
        province_code as unit_code,
        source_unit_code,
        true as counts_codes
    from resolution
    where province_code is not null
)

{{ all_measure_rows('counting') }}
