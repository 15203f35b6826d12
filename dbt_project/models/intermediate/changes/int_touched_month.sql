-- depends on the models whose hooks note touched months, so that all have been noted
-- depends_on: {{ ref('fct_dossier') }}
-- depends_on: {{ ref('int_petition') }}
-- depends_on: {{ ref('int_rating') }}
with units_in_scope as (
    select exists(
        select 1
        from {{ rows_in_scope(source('raw', 'units')) }} as brought
    ) as have_changed
),

-- what a snapshot told of a procedure holds from its day on, and if it was the first to tell of
-- it, for all the time before
procedures_in_scope as (
    select
        min(
            case
                when exists (
                    select 1
                    from {{ source('raw', 'procedures') }} as earlier
                    inner join {{ ref('stg_readable_batch') }} as readable
                        on earlier.batch_id = readable.batch_id
                    where
                        earlier.procedure_code = version.procedure_code
                        and earlier.unit_code = version.unit_code
                        and earlier.version_at < version.version_at
                ) then {{ ict_date('version.version_at') }}
                else {{ beginning_of_time() }}
            end
        ) as changed_from
    from {{ rows_in_scope(source('raw', 'procedures')) }} as version
),

changed as (
    select period.period_month
    from {{ ref('int_period') }} as period
    cross join units_in_scope
    cross join procedures_in_scope
    where
        period.settled_until is distinct from period.period_end
        or units_in_scope.have_changed
        or procedures_in_scope.changed_from <= period.last_day
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
