{{ config(
    severity='error',
    meta={'reason': 'Whatever became of its unit, a dossier stays in the balance of its province. Looks at the months that this run has counted again.'}
) }}

-- complete months only, for the state at a cut-off is kept nowhere else; that the flow has lost no
-- dossier is a test of its own
with touched as (
    select distinct period.*
    from {{ ref('int_period') }} as period
    inner join {{ ref('int_touched_unit_period') }} as unit
        on period.period_month = unit.period_month
    where {{ is_complete('period') }}
),

-- dossiers of a unit placed in no province are reported by records_without_a_province
expected as (
    select
        period.period_month,
        sum(flow.dossiers) filter (where flow.received_month = period.period_month) as received,
        sum(flow.dossiers) filter (where flow.closed_month = period.period_month) as closed,
        sum(flow.dossiers) filter (where period.period_month < flow.closed_month) as open_at_end
    from touched as period
    inner join {{ ref('int_dossier_flow') }} as flow
        on
            flow.received_month <= period.period_month
            and period.period_month <= flow.closed_month
    inner join {{ ref('int_unit_resolution') }} as resolution
        on
            period.period_month = resolution.period_month
            and flow.unit_code = resolution.source_unit_code
            and resolution.province_code is not null
    group by period.period_month
),

counted as (
    select
        balance.period_month,
        sum(
            balance.received_online + balance.received_in_person + balance.received_by_post
        ) as received,
        sum(
            balance.resolved_early + balance.resolved_on_the_day + balance.resolved_late
            + balance.withdrawn + balance.stopped
        ) as closed,
        sum(balance.open_on_time + balance.open_overdue) as open_at_end
    from {{ ref('mart_dossier_balance') }} as balance
    inner join {{ ref('int_unit_period') }} as unit
        on
            balance.period_month = unit.period_month
            and balance.unit_code = unit.unit_code
            and unit.unit_type = 'province'
    group by balance.period_month
)

select
    expected.period_month,
    expected.received,
    expected.closed,
    expected.open_at_end,
    counted.received as received_by_provinces,
    counted.closed as closed_by_provinces,
    counted.open_at_end as open_by_provinces
from expected
left join counted
    on expected.period_month = counted.period_month
where
    coalesce(expected.received, 0) is distinct from counted.received
    or coalesce(expected.closed, 0) is distinct from counted.closed
    or coalesce(expected.open_at_end, 0) is distinct from counted.open_at_end
