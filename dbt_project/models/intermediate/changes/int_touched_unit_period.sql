-- depends on the model whose hooks note the touched months of dossiers
-- depends_on: {{ ref('fct_dossier') }}
with units_in_scope as (
    select exists(
        select 1
        from {{ rows_in_scope(source('raw', 'units')) }} as brought
    ) as have_changed
),

-- what is counted at the end of another instant or by another order of units changes for all
moved as (
    select period.period_month
    from {{ ref('int_period') }} as period
    cross join units_in_scope
    where
        period.settled_until is distinct from period.period_end
        or units_in_scope.have_changed
),

-- a dossier is carried over and open in the months after its events, and counts in the rest of
-- its year to date: the first touched month of a unit in a year stands for the later ones
touched as (
    select
        unit_code as source_unit_code,
        date_trunc('year', period_month)::date as year_start,
        min(period_month) as first_month
    from {{ ref('int_touched_unit_month') }}
    where subject = 'dossier'
    group by source_unit_code, year_start
),

affected as (
    select
        unit.period_month,
        unit.unit_code,
        true as is_in_year
    from {{ ref('int_unit_period') }} as unit
    inner join moved on unit.period_month = moved.period_month

    union all

    select
        covering.period_month,
        covering.unit_code,
        date_trunc('year', covering.period_month)::date = touched.year_start as is_in_year
    from touched
    inner join {{ ref('int_unit_resolution') }} as resolution
        on
            touched.first_month <= resolution.period_month
            and touched.source_unit_code = resolution.source_unit_code
    inner join {{ ref('int_unit_descendant') }} as covering
        on
            resolution.period_month = covering.period_month
            and resolution.unit_code = covering.descendant_unit_code
)

select
    period_month,
    unit_code,
    bool_or(is_in_year) as is_touched_in_year
from affected
group by period_month, unit_code
