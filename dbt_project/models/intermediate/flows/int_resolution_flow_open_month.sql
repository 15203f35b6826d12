{{ config(post_hook='analyze {{ this }}') }}
{%- set columns = resolution_flow_columns() %}

with open_month as (
    select
        period.period_month,
        period.period_end,
        date_trunc('year', period.period_month)::date as year_start
    from {{ ref('int_period') }} as period
    where not {{ is_complete('period') }}
),

-- groups of the year's flow in which anything happened in the month or after it
stirred as (
    select distinct
        open_month.period_month,
        open_month.period_end,
        flow.resolved_month,
        flow.unit_code
    from open_month
    inner join {{ ref('int_resolution_flow') }} as flow
        on
            open_month.year_start <= flow.resolved_month
            and flow.resolved_month <= open_month.period_month
            and (
                flow.resolved_month = open_month.period_month
                or {{ happened_since('flow.fee_settled_month', 'open_month.period_month') }}
                or {{ happened_since('flow.vaulted_month', 'open_month.period_month') }}
            )
),

-- the others are what they were at the end of the month before, as the flow has them
calm as (
    select
        open_month.period_month,
        flow.{{ columns | join(',\n        flow.') }}
    from open_month
    inner join {{ ref('int_resolution_flow') }} as flow
        on
            open_month.year_start <= flow.resolved_month
            and flow.resolved_month < open_month.period_month
    where not exists (
        select 1
        from stirred
        where
            stirred.period_month = open_month.period_month
            and stirred.resolved_month = flow.resolved_month
            and stirred.unit_code = flow.unit_code
    )
),

-- one index look-up per group, see dossier_flow_at
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
            candidate.resolved_month = stirred.resolved_month
            and candidate.unit_code = stirred.unit_code
        offset 0  -- noqa: AM09
    ) as dossier
    where dossier.closed_at < stirred.period_end
),

recounted as (
    {{ resolution_flow('dossier', ['period_month', 'resolved_month', 'unit_code'], 'period_end') }}
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
