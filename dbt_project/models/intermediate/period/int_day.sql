{{ config(materialized='view') }}

-- from the first month that is scored to the end of the year of the last one
select calendar.day::date as day
from (
    select
        min(period_month) as first_month,
        max(period_month) as last_month
    from {{ ref('int_period') }}
) as scored
cross join lateral generate_series(
    date_trunc('year', scored.first_month::timestamp),
    date_trunc('year', scored.last_month::timestamp) + interval '1 year -1 day',
    interval '1 day'
) as calendar (day)
