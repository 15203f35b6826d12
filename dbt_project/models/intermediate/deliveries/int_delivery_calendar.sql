{{ config(post_hook='analyze {{ this }}') }}

with reading as (
    select
        batch.feed,
        tstzrange(batch.window_from, batch.window_to) as span,
        batch.landed_at - make_interval(days => {{ fresh_within_days() }}) as fresh_from,
        batch.window_to
    from {{ source('ops', 'batch') }} as batch
    inner join {{ ref('stg_readable_batch') }} as readable
        on batch.batch_id = readable.batch_id
    where
        batch.kind = 'window'
        and batch.feed in {{ incremental_feeds() }}
),

covered as (
    select
        feed,
        range_agg(span) as spans,
        range_agg(span * tstzrange(fresh_from, null)) as fresh_spans
    from reading
    group by feed
),

covered_day as (
    select distinct
        covered.feed,
        day_start::date as delivered_on,
        covered.fresh_spans @> day_span as is_fresh
    from covered
    cross join lateral unnest(covered.spans) as span
    cross join lateral generate_series(
        {{ ict_date('lower(span)') }}::timestamp,
        {{ ict_date("upper(span) - interval '1 microsecond'") }}::timestamp,
        interval '1 day'
    ) as day_start
    cross join lateral (
        select
            tstzrange(
                {{ ict_start_of('day_start') }},
                {{ ict_start_of("day_start + interval '1 day'") }}
            ) as day_span
    ) as day
    where span @> day_span
),

delivered as (
    select
        feed,
        updated_on,
        sum(records)::bigint as records
    from {{ ref('int_delivered_day') }}
    group by feed, updated_on
),

off as (
    select
        off_day::date as day,
        bool_or(kind = 'holiday') as is_holiday
    from {{ ref('office_calendar') }}
    cross join lateral generate_series(
        first_day::timestamp, last_day::timestamp, interval '1 day'
    ) as off_day
    group by off_day
)

select
    covered_day.feed,
    covered_day.delivered_on,
    coalesce(delivered.records, 0) as records,
    covered_day.is_fresh,
    extract(isodow from covered_day.delivered_on)::smallint as weekday,
    extract(isodow from covered_day.delivered_on) < 6
    and not coalesce(off.is_holiday, false) as is_working_day,
    off.day is null
    and exists (
        select 1
        from {{ ref('int_known_year') }} as known
        where known.year = extract(year from covered_day.delivered_on)
    ) as is_ordinary,
    coalesce(
        (
            select max(series.break_on)
            from {{ ref('series_breaks') }} as series
            where series.break_on <= covered_day.delivered_on
        ),
        {{ beginning_of_time() }}
    ) as comparable_from
from covered_day
left join delivered
    on
        covered_day.feed = delivered.feed
        and covered_day.delivered_on = delivered.updated_on
left join off
    on covered_day.delivered_on = off.day
