{{ config(materialized='view') }}
{%- set columns = [
    'received_month', 'unit_code', 'closed_month', 'overdue_month', 'channel', 'outcome', 'dossiers'
] %}

-- a reporting cut-off that leaves out a part of what the data hold of its month
with moment as (
    select distinct
        form_period.last_month as period_month,
        form_period.period_end
    from {{ ref('int_form_period') }} as form_period
    inner join {{ ref('int_period') }} as month
        on form_period.last_month = month.period_month
    where form_period.period_end < month.period_end
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
        moment.period_end,
        flow.{{ columns | join(',\n        flow.') }}
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

-- one index look-up per group, see int_dossier_flow_open_month
dossier as (
    select
        dossier.*,
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
        and (
            dossier.closed_month is null
            or stirred.period_month <= dossier.closed_month
            or stirred.period_month <= dossier.received_month
        )
),

recounted as (
    {{ dossier_flow('dossier', ['period_end', 'received_month', 'unit_code'], 'period_end') }}
)

select
    period_end,
    {{ columns | join(',\n    ') }}
from calm
union all
select
    period_end,
    {{ columns | join(',\n    ') }}
from recounted
