-- depends on the models whose hooks note touched months, so that all have been noted
-- depends_on: {{ ref('fct_dossier') }}
-- depends_on: {{ ref('int_petition') }}
-- depends_on: {{ ref('int_rating') }}
with units_in_scope as (
    select exists(
        select 1
        from {{ source('raw', 'units') }}
        where batch_id in (select batch_id from {{ source('ops', 'transform_scope') }})
    ) as have_changed
),

changed as (
    select period.period_month
    from {{ ref('int_period') }} as period
    cross join units_in_scope
    where
        period.settled_until is distinct from period.period_end
        or units_in_scope.have_changed
        or period.period_month in (
            select touched.period_month from {{ ref('int_touched_unit_month') }} as touched
        )
)

select period_month
from {{ ref('int_period') }}
where
    period_month in (select changed.period_month from changed)
    -- a month shows the rank of the month before it
    or period_month in (select {{ next_month('changed.period_month') }} from changed)
