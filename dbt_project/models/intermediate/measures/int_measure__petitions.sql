{{ measure_model_config('petition') }}

-- a petition may count in two months: unanswered in the one it was due in, answered in another
with replied as (
    select
        period.period_month,
        record.unit_code,
        true as is_replied,
        record.is_on_time,
        record.is_rated,
        record.is_satisfied
    {{ records_to_count('petition', ref('int_petition'), 'replied_month') }}
    where record.replied_at < period.period_end
),

unanswered as (
    select
        period.period_month,
        record.unit_code,
        false as is_replied,
        false as is_on_time,
        false as is_rated,
        false as is_satisfied
    {{ records_to_count('petition', ref('int_petition'), 'due_month') }}
    where
        record.reply_due_at < period.period_end
        and (record.replied_at is null or period.period_end <= record.replied_at)
),

counted as (
    select * from replied
    union all
    select * from unanswered
)

select
    period_month,
    unit_code,
    count(*) as petitions_to_reply,
    count(*) filter (where is_on_time) as petitions_replied_on_time,
    count(*) filter (where is_rated) as petitions_replied_rated,
    count(*) filter (where is_satisfied) as petitions_replied_satisfied
from counted
group by period_month, unit_code
