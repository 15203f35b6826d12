{{
    config(
        materialized='incremental',
        incremental_strategy='append',
        on_schema_change='fail',
        grants={'select': ['service_index_publisher', 'unit_reader']},
        indexes=[
            {'columns': ['received_month', 'unit_code']},
            {'columns': ['resolved_month', 'unit_code']},
        ] + indexes_for_changes([{'columns': ['procedure_code']}]),
        pre_hook=[
            "{{ full_build_without(['mergejoin']) }}",
            "{{ add_dossiers_of_changed_procedures() }}",
            "{{ retire_changed_rows('dossier') }}",
        ],
        post_hook=[
            "{{ note_changed_rows('dossier') }}",
            "{{ finish_first_build('dossier_id') }}",
            "{{ show_readers_their_own_units() }}",
        ]
    )
}}

-- depends_on: {{ ref('int_changed_dossier') }}
-- depends_on: {{ ref('int_touched_unit_month') }}
with dossier as (
    {% if is_incremental() -%}
        {{ rows_of(ref('stg_dossiers'), 'dossier_id', ref('int_changed_dossier')) }}
    {%- else -%}
        {{ rows_of(ref('stg_dossiers'), 'dossier_id') }}
    {%- endif %}
),

-- submitted but not received, or refused at reception: counts nowhere
counted as (
    select
        *,
        case channel
            when 1 then 'in_person'
            when 2 then 'online'
            when 3 then 'post'
        end as channel_name,
        case state
            when 2 then 'received'
            when 4 then 'in_process'
            when 5 then 'supplement_requested'
            when 6 then 'fee_requested'
            when 7 then 'withdrawn'
            when 8 then 'stopped'
            when 9 then 'done'
            when 10 then 'done_and_returned'
        end as state_name,
        state in (9, 10) as is_resolved,
        -- the source sometimes leaves the closing time blank: the return of the result stands in
        -- for a resolution, the last update for a withdrawal or a stop
        case
            when state in (9, 10) then coalesce(finished_at, returned_at)
            when state in (7, 8) then coalesce(finished_at, version_at)
        end as closed_at,
        state in (7, 8, 9, 10) and finished_at is null as is_closing_time_assumed
    from dossier
    where state not in (1, 3)
),

-- the offset keeps the planner from working the months out anew wherever they are used
timed as (
    select
        *,
        {{ ict_month('received_at') }} as received_month,
        {{ ict_month('closed_at') }} as closed_month,
        {{ ict_date('closed_at') }} as closed_on,
        {{ ict_date('due_at') }} as due_on
    from counted
    -- what was closed before the first month that is asked for has no part in it
    where
        received_at >= {{ start_asked() }}
        or closed_at is null
        or closed_at >= {{ start_asked() }}
    offset 0  -- noqa: AM09
),

procedure_row as (
    select
        procedure_code,
        unit_code,
        field_code
    from {{ ref('int_procedure_version') }}
    where describes_until is null
),

-- the row of a procedure that stands in where a dossier's own unit has none
first_procedure_row as (
    select distinct on (procedure_code)
        procedure_code,
        unit_code,
        field_code
    from procedure_row
    order by procedure_code asc, unit_code collate "C" asc
),

joined as (
    select
        timed.*,
        payment.paid_online_at,
        coalesce(own.unit_code, other.unit_code) as procedure_unit_code,
        case
            when own.unit_code is not null then own.field_code
            else other.field_code
        end as procedure_field_code
    from timed
    {% if is_incremental() -%}
    left join lateral (
        select paid.paid_online_at
        from {{ ref('int_dossier_payment') }} as paid
        where paid.dossier_id = timed.dossier_id
        offset 0  -- noqa: AM09
    ) as payment
        on true
    {%- else -%}
    left join {{ ref('int_dossier_payment') }} as payment
        on timed.dossier_id = payment.dossier_id
    {%- endif %}
    left join procedure_row as own
        on
            timed.procedure_code = own.procedure_code
            and timed.unit_code = own.unit_code
    left join first_procedure_row as other
        on timed.procedure_code = other.procedure_code
),

judged as (
    select
        *,
        fee_due > 0 as has_fee,
        electronic_result_count > 0 as has_electronic_result,
        coalesce(return_method in (1, 2), false) as is_returned_online_or_by_post,
        case
            when not is_resolved then null
            when due_on is null or closed_on < due_on then 'early'
            when closed_on = due_on then 'on_the_day'
            else 'late'
        end as timeliness
    from joined
)

select
    dossier_id,
    unit_code,
    procedure_code,
    procedure_unit_code,
    coalesce(field_code, procedure_field_code) as field_code,
    field_code as own_field_code,
    channel_name as channel,
    state_name as state,
    received_at,
    due_at,
    closed_at,
    received_month,
    closed_month,
    case when is_resolved then closed_month end as resolved_month,
    is_closing_time_assumed,
    is_resolved,
    timeliness,
    case when is_resolved then coalesce(closed_on <= due_on, true) end as is_on_time,
    has_fee,
    paid_online_at,
    coalesce(portal_payment_flag = 1, false) as is_flagged_paid_online,
    has_electronic_result,
    coalesce(is_digitised, false) as is_digitised,
    reused_document_count > 0 as is_reused,
    synced_to_portal_at,
    synced_to_vault_at,
    'CSDLDC' = any(shared_databases) as uses_population_data,
    is_returned_online_or_by_post,
    has_in_person_step,
    coalesce(
        is_resolved
        and channel = 2
        and (
            not has_fee
            or paid_online_at < {{ ict_start_of(next_month('closed_month')) }}
        )
        and has_electronic_result
        and is_returned_online_or_by_post
        and not has_in_person_step,
        false
    ) as is_end_to_end_online,
    landed_file,
    landed_line
from judged
