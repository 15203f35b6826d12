{{
    config(
        materialized='incremental',
        incremental_strategy='append',
        on_schema_change='fail',
        indexes=[
            {'columns': ['petition_id'], 'unique': true},
            {'columns': ['replied_month', 'unit_code']},
            {'columns': ['due_month', 'unit_code']},
        ],
        pre_hook="{{ retire_changed_rows('petition') }}",
        post_hook="{{ note_changed_rows('petition') }}"
    )
}}

-- depends_on: {{ ref('int_touched_unit_month') }}
with petition as (
    {% if is_incremental() -%}
        {{ rows_of(
            ref('stg_petitions'),
            'petition_id',
            keys_in_scope(source('raw', 'petitions'), 'petition_id')
        ) }}
    {%- else -%}
        {{ rows_of(ref('stg_petitions'), 'petition_id') }}
    {%- endif %}
)

-- the petition's state is not consulted for the answer: a reply time is an answer
select
    petition_id,
    unit_code,
    case kind when 2 then 'conduct' else 'regulations' end as kind,
    received_at,
    reply_due_at,
    replied_at,
    {{ ict_month('received_at') }} as received_month,
    {{ ict_month('reply_due_at') }} as due_month,
    {{ ict_month('replied_at') }} as replied_month,
    case
        when replied_at is null then null
        when reply_due_at is null then true
        else {{ ict_date('replied_at') }} <= {{ ict_date('reply_due_at') }}
    end as is_on_time,
    satisfaction is not null as is_rated,
    coalesce(satisfaction in {{ satisfied_marks() }}, false) as is_satisfied
from petition
where state <> 4
