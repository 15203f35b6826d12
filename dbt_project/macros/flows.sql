{#- A flow counts dossiers by the months of their events instead of by their instants: few rows,
    and exact at the end of every complete month. For an open month the flow is counted anew as
    the world stood at its end (`until`): what lies after it has not happened yet. -#}

{#- The month of an event that has not happened: later than any other month. -#}
{%- macro never() -%}
    date '9999-12-31'
{%- endmacro -%}


{#- The first month, not before `earliest`, at whose end an event has happened. -#}
{%- macro month_happened(instant, earliest, until="'infinity'::timestamptz") -%}
    case
        when {{ instant }} < {{ until }} then greatest({{ earliest }}, {{ ict_month(instant) }})
        else {{ never() }}
    end
{%- endmacro -%}


{#- Whether the month of an event is `month` or a later one, and not never. -#}
{%- macro happened_since(event_month, month) -%}
    ({{ month }} <= {{ event_month }} and {{ event_month }} < {{ never() }})
{%- endmacro -%}


{#- Whether a row of int_period has reached the end of its month. -#}
{%- macro is_complete(period) -%}
    {{ period }}.period_end = {{ ict_start_of(next_month(period ~ '.period_month')) }}
{%- endmacro -%}


{#- The events of the balance, grouped by `keys`. `dossier` is a relation or CTE with the columns
    of fct_dossier, `until` a column of it or the default: everything has happened.

    A withdrawal without a time of its own counts at its last update, and nothing keeps that from
    lying before the reception: a dossier is closed in the month of its reception at the earliest.
    Overdue matters only while open, so a due date after the closing makes no group of its own. -#}
{%- macro dossier_flow(dossier, keys, until="'infinity'::timestamptz") -%}
    select
        {{ keys | join(',\n        ') }},
        closed_month,
        case when overdue_month < closed_month then overdue_month else {{ never() }} end
            as overdue_month,
        channel,
        case
            when closed_month = {{ never() }} then 'open'
            when state in ('withdrawn', 'stopped') then state
            else 'resolved_' || timeliness
        end as outcome,
        count(*) as dossiers
    from (
        select
            {{ keys | join(',\n            ') }},
            channel,
            state,
            timeliness,
            {{ month_happened('closed_at', 'received_month', until) }} as closed_month,
            {{ month_happened('due_at', 'received_month', until) }} as overdue_month
        from {{ dossier }}
    ) as dated
    group by {{ range(1, keys | length + 5) | join(', ') }}
{%- endmacro -%}


{#- The resolutions by what makes them end-to-end online and vaulted, grouped by `keys`.
    Parameters as for dossier_flow; the rows of `dossier` are resolved.

    fee_settled_month   from whose end on no fee is due or it is paid online
    vaulted_month       from whose end on the electronic result is in the vault -#}
{%- macro resolution_flow(dossier, keys, until="'infinity'::timestamptz") -%}
    select
        {{ keys | join(',\n        ') }},
        coalesce(field_code, '') as field_code,
        channel = 'online' as is_submitted_online,
        case
            when has_fee then {{ month_happened('paid_online_at', 'resolved_month', until) }}
            else resolved_month
        end as fee_settled_month,
        has_electronic_result,
        is_returned_online_or_by_post,
        -- missing means not shown, so not met
        coalesce(not has_in_person_step, false) as is_without_in_person_step,
        case
            when has_electronic_result
                then {{ month_happened('synced_to_vault_at', 'resolved_month', until) }}
            else {{ never() }}
        end as vaulted_month,
        count(*) as dossiers
    from {{ dossier }}
    group by {{ range(1, keys | length + 8) | join(', ') }}
{%- endmacro -%}


{#- The columns of int_resolution_flow. -#}
{%- macro resolution_flow_columns() -%}
    {{- return([
        'resolved_month',
        'unit_code',
        'field_code',
        'is_submitted_online',
        'fee_settled_month',
        'has_electronic_result',
        'is_returned_online_or_by_post',
        'is_without_in_person_step',
        'vaulted_month',
        'dossiers',
    ]) -}}
{%- endmacro -%}


{#- The (month, source unit) groups of dossiers that have changed, as a query in parentheses. -#}
{%- macro touched_groups() -%}
    (
        select
            period_month,
            unit_code
        from {{ ref('int_touched_unit_month') }}
        where subject = 'dossier'
    )
{%- endmacro -%}


{#- Pre-hook of a flow: its groups of changed dossiers go, and the model counts them again. -#}
{%- macro delete_touched_groups(month) -%}
    {%- if is_incremental() -%}
        delete from {{ this }} where ({{ month }}, unit_code) in {{ touched_groups() }}
    {%- endif -%}
{%- endmacro -%}
