{{ config(
    severity='error',
    meta={'reason': 'A cut-off of another year would empty the form, or hold nothing back.'}
) }}

with dated as (
    select
        cutoff.*,
        make_date(
            left(cutoff.period, 4)::integer,
            case substring(cutoff.period from 5)
                when 'Q2' then 4
                when 'Q3' then 7
                when 'H2' then 7
                when 'Q4' then 10
                else 1
            end,
            1
        ) as first_day,
        case substring(cutoff.period from 5 for 1)
            when 'Q' then 3
            when 'H' then 6
            else 12
        end as months
    from {{ ref('reporting_cutoffs') }} as cutoff
)

select *
from dated
where
    cutoff_at <= {{ ict_start_of('first_day') }}
    or cutoff_at > {{ ict_start_of("(first_day + months * interval '1 month')::date") }}
