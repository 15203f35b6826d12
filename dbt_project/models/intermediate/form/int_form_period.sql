{{ config(post_hook='analyze {{ this }}') }}

-- every quarter, half-year and year that a scored month lies in
with named as (
    select distinct
        covering.period,
        covering.first_month,
        covering.months
    from {{ ref('int_period') }} as month
    cross join lateral (
        select
            extract(year from month.period_month)::int as year,
            extract(month from month.period_month)::int as number
    ) as calendar
    cross join lateral (
        values
        (
            to_char(month.period_month, 'YYYY"Q"Q'),
            date_trunc('quarter', month.period_month)::date,
            3
        ),
        (
            calendar.year || case when calendar.number <= 6 then 'H1' else 'H2' end,
            make_date(calendar.year, case when calendar.number <= 6 then 1 else 7 end, 1),
            6
        ),
        (
            calendar.year::text,
            make_date(calendar.year, 1, 1),
            12
        )
    ) as covering (period, first_month, months)
),

dated as (
    select
        period,
        first_month,
        {{ ict_start_of('first_month') }} as period_start,
        (first_month + months * interval '1 month')::date as after_last_month
    from named
),

-- a province of any month of the period
province as (
    select distinct
        dated.period,
        unit.unit_code as province_code
    from dated
    inner join {{ ref('int_unit_period') }} as unit
        on
            dated.first_month <= unit.period_month
            and unit.period_month < dated.after_last_month
            and unit.unit_type = 'province'
),

-- a province's own reporting cut-off goes before the one that holds for all
bounded as (
    select
        dated.*,
        province.province_code,
        least(
            {{ ict_start_of('dated.after_last_month') }},
            coalesce(own.cutoff_at, general.cutoff_at)
        ) as closes_at
    from dated
    inner join province on dated.period = province.period
    left join {{ ref('reporting_cutoffs') }} as own
        on
            dated.period = own.period
            and province.province_code = own.province_code
    left join {{ ref('reporting_cutoffs') }} as general
        on
            dated.period = general.period
            and general.province_code = '*'
),

ended as (
    select
        bounded.*,
        greatest(
            bounded.period_start, least(bounded.closes_at, cutoff.data_cutoff)
        ) as period_end
    from bounded
    cross join {{ ref('int_data_cutoff') }} as cutoff
),

-- the last scored month that begins before the end; where the data end before the period, the first
placed as (
    select
        ended.*,
        scored.last_month
    from ended
    cross join lateral (
        select
            coalesce(
                max(month.period_month) filter (where month.period_start < ended.period_end),
                min(month.period_month)
            ) as last_month
        from {{ ref('int_period') }} as month
        where
            ended.first_month <= month.period_month
            and month.period_month < ended.after_last_month
    ) as scored
),

lasting as (
    select
        placed.*,
        greatest(
            placed.first_month,
            {{ ict_date("placed.period_end - interval '1 microsecond'") }}
        ) as last_day
    from placed
    -- a province that was merged away within the period is reported by the one that took it in
    inner join {{ ref('int_unit_period') }} as unit
        on
            placed.last_month = unit.period_month
            and placed.province_code = unit.unit_code
            and unit.unit_type = 'province'
)

select
    period,
    province_code,
    period_start,
    period_end,
    closes_at,
    first_month,
    last_month,
    last_day,
    (
        select
            string_agg(
                to_char(expected.month_start, 'YYYY-MM'), ', ' order by expected.month_start
            )
        from generate_series(
            lasting.first_month::timestamp, lasting.last_day::timestamp, interval '1 month'
        ) as expected (month_start)
        where
            expected.month_start::date not in (
                select scored.period_month from {{ ref('int_period') }} as scored
            )
    ) as missing_months
from lasting
