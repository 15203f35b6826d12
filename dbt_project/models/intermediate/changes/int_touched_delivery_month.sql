-- a day that this run brings, or brings anew, is judged itself and is history of later ones
with changed as (
    select
        least(
            (
                select min({{ ict_date('batch.window_from') }})
                from {{ source('ops', 'batch') }} as batch
                inner join {{ source('ops', 'transform_scope') }} as scope
                    on batch.batch_id = scope.batch_id
            ),
            (
                select min(day.updated_on)
                from {{ ref('int_delivered_day') }} as day
                inner join {{ source('ops', 'transform_scope') }} as scope
                    on day.batch_id = scope.batch_id
            )
        ) as changed_from,
        exists(
            select 1 from {{ rows_in_scope(source('raw', 'units')) }} as brought
        ) as have_units_changed
)

select period.period_month
from {{ ref('int_period') }} as period
cross join changed
where
    period.settled_until is distinct from period.period_end
    or changed.have_units_changed
    or changed.changed_from <= period.last_day
