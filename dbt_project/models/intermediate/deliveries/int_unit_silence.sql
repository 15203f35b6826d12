{{
    config(
        materialized='incremental',
        incremental_strategy='append',
        on_schema_change='fail',
        indexes=[{'columns': ['period_month', 'unit_code']}],
        pre_hook="{{ delete_touched_months('int_touched_delivery_month') }}"
    )
}}

-- depends_on: {{ ref('int_touched_delivery_month') }}
with bound as (
    {{ gate_bounds([
        'silence_history_days', 'silence_least_records', 'silence_least_days',
        'silence_expected_records', 'silence_gap_days', 'silence_least_active_days',
    ]) }}
),

-- working days in a row, so that a stretch of them is a difference of numbers: a row of those that
-- were read at their time and one of those read later, of which there is less
working_day as (
    select
        delivered_on,
        is_fresh,
        comparable_from,
        row_number() over (partition by is_fresh order by delivered_on) as working_day_number
    from {{ ref('int_delivery_calendar') }}
    where
        feed = 'dossiers'
        and is_working_day
        and is_ordinary
),

last_judged as (
    select distinct on (bound.period_month, working_day.is_fresh)
        bound.*,
        working_day.delivered_on as judged_until,
        working_day.working_day_number as judged_until_number,
        working_day.is_fresh,
        working_day.comparable_from
    from bound
    inner join working_day
        on working_day.delivered_on between bound.period_month and bound.last_day
    where {{ ict_start_of('working_day.delivered_on + 1') }} <= bound.period_end
    order by bound.period_month asc, working_day.is_fresh asc, working_day.delivered_on desc
),

unit_day as (
    select
        unit_code,
        updated_on,
        sum(records) as records
    from {{ ref('int_delivered_day') }}
    where
        feed = 'dossiers'
        and unit_code is not null
        and updated_on >= (
            select
                min(
                    bound.period_month
                    - (bound.silence_history_days + bound.silence_gap_days)::integer
                )
            from bound
        )
    group by unit_code, updated_on
),

-- where a day stands in either row, also one that belongs to the other or to none; found once for
-- all units
placed_day as materialized (
    select
        day.updated_on,
        series.is_fresh,
        coalesce(calendar.is_fresh = series.is_fresh, false) as is_read_alike,
        (
            select max(working_day.working_day_number)
            from working_day
            where
                working_day.is_fresh = series.is_fresh
                and working_day.delivered_on <= day.updated_on
        ) as working_day_number
    from (select distinct updated_on from unit_day) as day
    cross join (select distinct is_fresh from working_day) as series
    left join {{ ref('int_delivery_calendar') }} as calendar
        on
            day.updated_on = calendar.delivered_on
            and calendar.feed = 'dossiers'
),

-- a unit's days before the month's end, none from before the unit or before a break in the series
active_day as (
    select
        judged.*,
        unit_day.unit_code,
        unit_day.updated_on,
        unit_day.records,
        placed_day.is_read_alike,
        max(unit_day.updated_on) over unit_month as last_active_on,
        max(placed_day.working_day_number) over unit_month as last_active_number,
        placed_day.working_day_number
        - lag(placed_day.working_day_number) over (
            partition by judged.period_month, judged.is_fresh, unit_day.unit_code
            order by unit_day.updated_on
        )
        - 1 as days_without
    from last_judged as judged
    inner join {{ ref('stg_units') }} as unit
        on
            judged.last_day >= unit.valid_from
            and (unit.valid_to is null or judged.last_day <= unit.valid_to)
    inner join unit_day
        on
            unit.unit_code = unit_day.unit_code
            and unit_day.updated_on >= unit.valid_from
            and unit_day.updated_on >= judged.comparable_from
            and unit_day.updated_on <= judged.last_day
            and unit_day.updated_on >= judged.period_month
            - (judged.silence_history_days + judged.silence_gap_days)::integer
    inner join placed_day
        on
            unit_day.updated_on = placed_day.updated_on
            and judged.is_fresh = placed_day.is_fresh
    window unit_month as (partition by judged.period_month, judged.is_fresh, unit_day.unit_code)
),

measured as (
    select
        period_month,
        is_fresh,
        unit_code,
        last_active_on,
        judged_until,
        judged_until_number - last_active_number as silent_days,
        coalesce(sum(records) filter (
            where is_read_alike and updated_on > last_active_on - silence_history_days::integer
        ), 0) as records_before,
        count(*) filter (
            where is_read_alike and updated_on > last_active_on - silence_history_days::integer
        ) as active_days_before,
        coalesce(max(days_without) filter (
            where updated_on > last_active_on - silence_gap_days::integer
        ), 0) as longest_silence_before
    from active_day
    group by
        period_month, is_fresh, unit_code, last_active_on, judged_until, judged_until_number,
        last_active_number
),

silent as (
    select
        measured.*,
        judged.silence_least_records,
        judged.silence_least_days,
        judged.silence_least_active_days,
        judged.silence_expected_records,
        measured.records_before / history.working_days as records_a_day
    from measured
    inner join last_judged as judged
        on
            measured.period_month = judged.period_month
            and measured.is_fresh = judged.is_fresh
    cross join lateral (
        select count(*)::numeric as working_days
        from working_day
        where
            working_day.is_fresh = judged.is_fresh
            and working_day.delivered_on <= measured.last_active_on
            and working_day.delivered_on
            > measured.last_active_on - judged.silence_history_days::integer
    ) as history
    where
        measured.silent_days > 0
        and history.working_days > 0
        -- silent since before: that was told then, and the last 28 days hold nothing
        and measured.last_active_on >= judged.period_month - judged.silence_history_days::integer
),

weighed as (
    select
        *,
        records_before >= silence_least_records
        and active_days_before >= silence_least_active_days
        and silent_days >= silence_least_days
        and silent_days * records_a_day >= silence_expected_records
        and silent_days > longest_silence_before as is_alarm
    from silent
)

-- a bound that is not there is no verdict, which comes first and fails
select distinct on (period_month, unit_code)
    period_month,
    unit_code,
    last_active_on,
    is_fresh,
    judged_until,
    silent_days,
    records_before,
    active_days_before,
    records_a_day,
    longest_silence_before,
    is_alarm
from weighed
order by
    period_month asc, unit_code asc, is_alarm is false asc, records_before desc, is_fresh desc
