{{ config(materialized='view') }}
{%- set columns = [
    'received_month', 'unit_code', 'closed_month', 'overdue_month', 'channel', 'outcome', 'dossiers'
] %}

with open_month as (
    select
        period.period_month,
        period.period_end
    from {{ ref('int_period') }} as period
    where not {{ is_complete('period') }}
),

-- groups of the flow in which anything happened in the month or after it
stirred as (
    select distinct
        open_month.period_month,
        open_month.period_end,
        flow.received_month,
        flow.unit_code
    from open_month
    inner join {{ ref('int_dossier_flow') }} as flow
        on
            flow.received_month <= open_month.period_month
            and (
                flow.received_month = open_month.period_month
                or {{ happened_since('flow.closed_month', 'open_month.period_month') }}
                or {{ happened_since('flow.overdue_month', 'open_month.period_month') }}
            )
),

-- in the others what is open has been so all along, and the flow is right as it stands
calm as (
    select
        open_month.period_month,
        flow.{{ columns | join(',\n        flow.') }}
    from open_month
    inner join {{ ref('int_dossier_flow') }} as flow
        on
            flow.received_month < open_month.period_month
            and flow.closed_month = {{ never() }}
    where not exists (
        select 1
        from stirred
        where
            stirred.period_month = open_month.period_month
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
    {{ dossier_flow('dossier', ['period_month', 'received_month', 'unit_code'], 'period_end') }}
)

select
    period_month,
    {{ columns | join(',\n    ') }}
from calm
union all
select
    period_month,
    {{ columns | join(',\n    ') }}
from recounted
