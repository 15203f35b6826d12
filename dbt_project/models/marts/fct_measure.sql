{%- set measures = {
    'int_measure__dossiers_received': [
        'dossiers_received',
        'dossiers_received_synchronised',
        'dossiers_received_digitised',
        'dossiers_received_reusing_data',
        'dossiers_received_using_population_data',
        'dossiers_received_for_online_procedures',
        'dossiers_received_online_for_online_procedures',
        'dossiers_received_with_fee',
        'dossiers_received_with_fee_paid_online',
    ],
    'int_measure__dossiers_resolved': [
        'dossiers_resolved',
        'dossiers_resolved_on_time',
        'dossiers_resolved_with_electronic_result',
    ],
    'int_measure__petitions': [
        'petitions_to_reply',
        'petitions_replied_on_time',
        'petitions_replied_rated',
        'petitions_replied_satisfied',
    ],
    'int_measure__ratings': [
        'ratings_given',
        'ratings_satisfied',
    ],
} -%}
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
        source_unit_code
    from resolution
    union
    select
        period_month,
        province_code as unit_code,
        source_unit_code
    from resolution
    where province_code is not null
)

{% for model in measures -%}
    {{ measure_rows(ref(model), measures[model], 'counting') }}
    {% if not loop.last -%}
        union all
    {%- endif %}
{% endfor %}
