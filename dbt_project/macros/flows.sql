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
        -- keeps the planner from working the months out anew wherever they are used
        offset 0  -- noqa: AM09
    ) as dated
    group by {{ range(1, keys | length + 5) | join(', ') }}
{%- endmacro -%}


{#- The columns of int_dossier_flow. -#}
{%- macro dossier_flow_columns() -%}
    {{- return([
        'received_month',
        'unit_code',
        'closed_month',
        'overdue_month',
        'channel',
        'outcome',
        'dossiers',
    ]) -}}
{%- endmacro -%}


{#- The dossiers as they stood at instants inside a month, which the flow of whole months cannot
    tell. `moment` is a relation of (period_month, period_end); the rows carry both. What was closed
    before the month is left out. -#}
{%- macro dossier_flow_at(moment) -%}
    {%- set columns = dossier_flow_columns() -%}
    with moment as (
        select distinct
            period_month,
            period_end
        from {{ moment }}
    ),

    -- groups of the flow in which anything happened in the month or after it
    stirred as (
        select distinct
            moment.period_month,
            moment.period_end,
            flow.received_month,
            flow.unit_code
        from moment
        inner join {{ ref('int_dossier_flow') }} as flow
            on
                flow.received_month <= moment.period_month
                and (
                    flow.received_month = moment.period_month
                    or {{ happened_since('flow.closed_month', 'moment.period_month') }}
                    or {{ happened_since('flow.overdue_month', 'moment.period_month') }}
                )
    ),

    -- in the others what is open has been so all along, and the flow is right as it stands
    calm as (
        select
            moment.period_month,
            moment.period_end,
            flow.{{ columns | join(',\n            flow.') }}
        from moment
        inner join {{ ref('int_dossier_flow') }} as flow
            on
                flow.received_month < moment.period_month
                and flow.closed_month = {{ never() }}
        where not exists (
            select 1
            from stirred
            where
                stirred.period_end = moment.period_end
                and stirred.received_month = flow.received_month
                and stirred.unit_code = flow.unit_code
        )
    ),

    -- the offset keeps the planner at one index look-up per group: it takes the stirred groups for
    -- many, and would scan all dossiers
    dossier as (
        select
            dossier.*,
            stirred.period_month,
            stirred.period_end
        from stirred
        cross join lateral (
            select candidate.*
            from {{ ref('fct_dossier') }} as candidate
            where
                candidate.received_month = stirred.received_month
                and candidate.unit_code = stirred.unit_code
            offset 0  -- noqa: AM09
        ) as dossier
        where
            dossier.received_at < stirred.period_end
            -- what was closed before the month has no part in its balance
            and (
                dossier.closed_month is null
                or stirred.period_month <= dossier.closed_month
                or stirred.period_month <= dossier.received_month
            )
    ),

    recounted as (
        {{ dossier_flow(
            'dossier', ['period_month', 'period_end', 'received_month', 'unit_code'], 'period_end'
        ) }}
    )

    select
        period_month,
        period_end,
        {{ columns | join(',\n        ') }}
    from calm
    union all
    select
        period_month,
        period_end,
        {{ columns | join(',\n        ') }}
    from recounted
{%- endmacro -%}


{#- The resolutions by what makes them end-to-end online and vaulted, grouped by `keys`.
    Parameters as for dossier_flow; the rows of `dossier` are resolved. A dossier without a field
    of its own carries its procedure row instead, whose field is that of the month that asks.

    fee_settled_month   from whose end on no fee is due or it is paid online
    vaulted_month       from whose end on the electronic result is in the vault -#}
{%- macro resolution_flow(dossier, keys, until="'infinity'::timestamptz") -%}
    select
        {{ keys | join(',\n        ') }},
        coalesce(own_field_code, '') as field_code,
        case when own_field_code is null then procedure_code else '' end as procedure_code,
        case when own_field_code is null then coalesce(procedure_unit_code, '') else '' end
            as procedure_unit_code,
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
    group by {{ range(1, keys | length + 10) | join(', ') }}
{%- endmacro -%}


{#- The columns of int_resolution_flow. -#}
{%- macro resolution_flow_columns() -%}
    {{- return([
        'resolved_month',
        'unit_code',
        'field_code',
        'procedure_code',
        'procedure_unit_code',
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


{#- The dossiers of those groups, by their event of `month`. -#}
{%- macro dossiers_of_touched_groups(month) -%}
    {{ rows_of_groups(ref('fct_dossier'), month, touched_groups()) }}
{%- endmacro -%}


{#- Pre-hook of a flow: its groups of changed dossiers go, and the model counts them again. -#}
{%- macro delete_touched_groups(month) -%}
    {%- if is_incremental() -%}
        delete from {{ this }}
        where
            {{ month }} = {{ any_key('period_month', touched_groups()) }}
            and ({{ month }}, unit_code) in {{ touched_groups() }}
    {%- endif -%}
{%- endmacro -%}
