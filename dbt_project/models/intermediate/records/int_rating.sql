{{
    config(
        materialized='incremental',
        incremental_strategy='append',
        on_schema_change='fail',
        indexes=[
            {'columns': ['rating_id'], 'unique': true},
            {'columns': ['rated_month', 'unit_code']},
        ],
        pre_hook="{{ retire_changed_rows('rating') }}",
        post_hook="{{ note_changed_rows('rating') }}"
    )
}}

-- depends_on: {{ ref('int_touched_unit_month') }}
with rating as (
    {% if is_incremental() -%}
        {{ rows_of(
            ref('stg_ratings'),
            'rating_id',
            keys_in_scope(source('raw', 'ratings'), 'rating_id')
        ) }}
    {%- else -%}
        {{ rows_of(ref('stg_ratings'), 'rating_id') }}
    {%- endif %}
)

-- a rating counts for the unit it names; its dossier is not consulted
select
    rating_id,
    unit_code,
    rated_at,
    {{ ict_month('rated_at') }} as rated_month,
    satisfaction in {{ satisfied_marks() }} as is_satisfied
from rating
where rated_at >= {{ start_asked() }}
