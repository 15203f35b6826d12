{{ config(
    severity='error',
    meta={'reason': 'The flow is kept up by changed groups; a group that was passed over has lost dossiers for all months to come. Looks at the months of reception that this run has counted again, and at those of the dossiers that it has changed, counted again or not.'}
) }}

-- depends_on: {{ ref('int_touched_unit_month') }}
with looked_at as (
    select period_month from {{ touched_groups() }} as touched
    union
    select received_month
    from {{ ref('fct_dossier') }}
    where dossier_id = {{ any_key('dossier_id', ref('int_changed_dossier')) }}
),

dossier as (
    {% if flags.FULL_REFRESH -%}
        select * from {{ ref('fct_dossier') }}
    {%- else -%}
        -- one index look-up per month: with all at once the planner may scan all of history
        select found.*
        from looked_at as month
        cross join lateral (
            select candidate.*
            from {{ ref('fct_dossier') }} as candidate
            where candidate.received_month = month.period_month
            offset 0  -- noqa: AM09
        ) as found
    {%- endif %}
),

fact as (
    select
        received_month,
        unit_code,
        case
            when closed_month is null then {{ never() }}
            else greatest(closed_month, received_month)
        end as counted_until,
        count(*) as dossiers
    from dossier
    group by received_month, unit_code, counted_until
),

flow as (
    select
        received_month,
        unit_code,
        closed_month,
        sum(dossiers) as dossiers
    from {{ ref('int_dossier_flow') }}
    {% if not flags.FULL_REFRESH -%}
    where received_month = {{ any_key('period_month', 'looked_at') }}
    {%- endif %}
    group by received_month, unit_code, closed_month
)

select
    coalesce(fact.received_month, flow.received_month) as received_month,
    coalesce(fact.unit_code, flow.unit_code) as unit_code,
    fact.dossiers as dossiers_in_fact,
    flow.dossiers as dossiers_in_flow
from fact
full outer join flow
    on
        fact.received_month = flow.received_month
        and fact.unit_code = flow.unit_code
        and fact.counted_until = flow.closed_month
where fact.dossiers is distinct from flow.dossiers
