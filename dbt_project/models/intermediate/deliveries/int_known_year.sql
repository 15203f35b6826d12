-- one row is not a year's calendar; its Lunar New Year is what moves most and empties the offices
-- longest, and the only holiday between two quiet stretches
select distinct extract(year from lunar_new_year.first_day)::smallint as year
from {{ ref('office_calendar') }} as lunar_new_year
inner join {{ ref('office_calendar') }} as run_up
    on
        run_up.kind = 'quiet'
        and lunar_new_year.first_day = run_up.last_day + 1
inner join {{ ref('office_calendar') }} as aftermath
    on
        aftermath.kind = 'quiet'
        and aftermath.first_day = lunar_new_year.last_day + 1
where lunar_new_year.kind = 'holiday'
