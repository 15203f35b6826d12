{{ config(
    severity='warn',
    meta={'reason': 'A place that does not follow from the totals beside it: rows are in quarantine, or the portal ranks by more than it shows. Only a warning: the place is published as the portal shows it.'}
) }}

with placed as (
    select
        period_month,
        province_code,
        total_score,
        rank,
        rank() over by_total as place,
        count(*) over (partition by period_month, total_score) as tied
    from {{ ref('mart_national_ranking') }}
    window by_total as (partition by period_month order by total_score desc)
)

-- the portal numbers its rows, so provinces with one total may share a place or follow each other
select *
from placed
where rank not between place and place + tied - 1
