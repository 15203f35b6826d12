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
by_day as (
    select
        judged.period_month,
        judged.feed,
        judged.delivered_on,
        count(*) filter (where history.weekday = judged.weekday) as weekday_points,
        percentile_disc(0.5) within group (order by history.records)
            filter (where history.weekday = judged.weekday) as weekday_records,
        count(*) filter (where history.is_working_day) as working_points,
        percentile_disc(0.5) within group (order by history.records)
            filter (where history.is_working_day) as working_records
    from judged
    inner join {{ ref('int_delivery_calendar') }} as history
        on
            judged.feed = history.feed
            and judged.is_fresh = history.is_fresh
            and history.delivered_on < judged.delivered_on
            and history.delivered_on >= judged.delivered_on - judged.volume_history_days::integer
            and history.delivered_on >= judged.comparable_from
    where history.is_ordinary
    group by judged.period_month, judged.feed, judged.delivered_on
),

day_expected as (
    select
        judged.period_month,
        judged.feed,
        judged.delivered_on,
        judged.records,
        judged.volume_least_drop,
        judged.volume_deviations,
        -- too few days of the same name: one working day is much like another
        case
            when by_day.weekday_points >= judged.volume_least_points then by_day.weekday_records
            when
                judged.is_working_day and by_day.working_points > judged.volume_least_points
                then by_day.working_records
        end::numeric as expected_records
    from judged
    inner join by_day
        on
            judged.period_month = by_day.period_month
            and judged.feed = by_day.feed
            and judged.delivered_on = by_day.delivered_on
),

-- a feed of a few records a day shows a loss only over many days, which would by then be their own
-- history: the month is held against the time before it
before_month as (
    select
        judged.period_month,
        judged.feed,
        judged.delivered_on,
        avg(history.records) as expected_records
    from judged
    inner join {{ ref('int_delivery_calendar') }} as history
        on
            judged.feed = history.feed
            and judged.is_fresh = history.is_fresh
            and history.delivered_on < judged.period_month
            and history.delivered_on >= judged.period_month - judged.volume_history_days::integer
            and history.delivered_on >= judged.comparable_from
    where
        judged.is_working_day
        and history.is_working_day
        and history.is_ordinary
    group by
        judged.period_month, judged.feed, judged.delivered_on, judged.volume_month_least_days
    having count(*) >= judged.volume_month_least_days
),

month_expected as (
    select
        judged.period_month,
        judged.feed,
        null::date as delivered_on,
        sum(judged.records) as records,
        max(judged.volume_least_drop) as volume_least_drop,
        max(judged.volume_deviations) as volume_deviations,
        sum(before_month.expected_records) as expected_records
    from judged
    inner join before_month
        on
            judged.period_month = before_month.period_month
            and judged.feed = before_month.feed
            and judged.delivered_on = before_month.delivered_on
    group by judged.period_month, judged.feed, judged.volume_month_least_days
    having count(*) >= judged.volume_month_least_days / 2
),

expected as (
    select * from day_expected
    union all
    select * from month_expected
),

limited as (
    select
        period_month,
        feed,
        delivered_on,
        records,
        expected_records,
        least(
            expected_records * (1 - volume_least_drop),
            expected_records - volume_deviations * sqrt(expected_records)
        ) as least_records
    from expected
    where expected_records is not null
)

select
    period_month,
    feed,
    delivered_on,
    records,
    expected_records,
    least_records,
    expected_records > 0 and records <= least_records as is_too_small
from limited
