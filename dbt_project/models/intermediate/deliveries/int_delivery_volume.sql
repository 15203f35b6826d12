{{
    config(
        materialized='incremental',
        incremental_strategy='append',
        on_schema_change='fail',
        indexes=[{'columns': ['period_month', 'feed']}],
        pre_hook="{{ delete_touched_months('int_touched_delivery_month') }}"
    )
}}

-- depends_on: {{ ref('int_touched_delivery_month') }}
with bound as (
    {{ gate_bounds([
        'volume_history_days', 'volume_least_points', 'volume_least_drop', 'volume_deviations',
        'volume_month_least_days',
    ]) }}
),

judged as (
    select
        bound.*,
        day.feed,
        day.delivered_on,
        day.records,
        day.is_fresh,
        day.weekday,
        day.is_working_day,
        day.comparable_from
    from bound
    inner join {{ ref('int_delivery_calendar') }} as day
        on day.delivered_on between bound.period_month and bound.last_day
    where
        day.is_ordinary
        and {{ ict_start_of('day.delivered_on + 1') }} <= bound.period_end
),

-- the days before it, read as soon after their end as it was: of records that were updated again
-- since, a later reading no longer finds the day
history as (
    select
        judged.period_month,
        judged.feed,
        judged.delivered_on,
        earlier.records,
        earlier.is_working_day,
        earlier.weekday = judged.weekday as is_same_weekday,
        earlier.delivered_on >= judged.delivered_on - judged.volume_history_days::integer
            as is_recent,
        -- a feed of a few records a day shows a loss only over many days, which would by then be
        -- their own history: the month is held against the time before it
        earlier.delivered_on < judged.period_month as is_before_month
    from judged
    inner join {{ ref('int_delivery_calendar') }} as earlier
        on
            judged.feed = earlier.feed
            and judged.is_fresh = earlier.is_fresh
            and earlier.delivered_on < judged.delivered_on
            and earlier.delivered_on >= judged.period_month - judged.volume_history_days::integer
            and earlier.delivered_on >= judged.comparable_from
    where earlier.is_ordinary
),

known_before as (
    select
        period_month,
        feed,
        delivered_on,
        count(*) filter (where is_recent and is_same_weekday) as weekday_points,
        percentile_disc(0.5) within group (order by records)
            filter (where is_recent and is_same_weekday) as weekday_records,
        count(*) filter (where is_recent and is_working_day) as working_points,
        percentile_disc(0.5) within group (order by records)
            filter (where is_recent and is_working_day) as working_records,
        count(*) filter (where is_before_month and is_working_day) as points_before_month,
        avg(records) filter (where is_before_month and is_working_day) as records_before_month
    from history
    group by period_month, feed, delivered_on
),

compared as (
    select
        judged.*,
        -- too few days of the same name: one working day is much like another
        case
            when known_before.weekday_points >= judged.volume_least_points
                then known_before.weekday_records
            when
                judged.is_working_day
                and known_before.working_points > judged.volume_least_points
                then known_before.working_records
        end::numeric as expected_records,
        case
            when
                judged.is_working_day
                and known_before.points_before_month >= judged.volume_month_least_days
                then known_before.records_before_month
        end as expected_by_month
    from judged
    left join known_before
        on
            judged.period_month = known_before.period_month
            and judged.feed = known_before.feed
            and judged.delivered_on = known_before.delivered_on
),

expected as (
    select
        period_month,
        feed,
        delivered_on,
        records,
        expected_records,
        null::bigint as days_not_judged,
        volume_least_drop,
        volume_deviations
    from compared
    where expected_records is not null
    union all
    select
        period_month,
        feed,
        null as delivered_on,
        sum(records) filter (where expected_by_month is not null) as records,
        case
            when count(expected_by_month) >= max(volume_month_least_days) / 2
                then sum(expected_by_month)
        end as expected_records,
        count(*) filter (where is_working_day and expected_records is null) as days_not_judged,
        max(volume_least_drop) as volume_least_drop,
        max(volume_deviations) as volume_deviations
    from compared
    group by period_month, feed
),

limited as (
    select
        period_month,
        feed,
        delivered_on,
        records,
        expected_records,
        days_not_judged,
        least(
            expected_records * (1 - volume_least_drop),
            expected_records - volume_deviations * sqrt(expected_records)
        ) as least_records
    from expected
)

select
    period_month,
    feed,
    delivered_on,
    records,
    expected_records,
    least_records,
    expected_records is not null
    and expected_records > 0
    and records <= least_records as is_too_small,
    days_not_judged
from limited
