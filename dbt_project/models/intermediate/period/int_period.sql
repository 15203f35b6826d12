{{ config(post_hook='analyze {{ this }}') }}
{#- The month list is read again at every run. What the last completed run has built is carried
    over from the table itself, so that a month whose end has moved since is seen as changed,
    also after a run that broke off. -#}
{%- set former = none if flags.FULL_REFRESH else load_relation(this) -%}

with covered as (
    select
        batch.feed,
        range_agg(tstzrange(batch.window_from, batch.window_to)) as spans
    from {{ source('ops', 'batch') }} as batch
    inner join {{ ref('stg_readable_batch') }} as readable
        on batch.batch_id = readable.batch_id
    where
        batch.kind = 'window'
        and batch.feed in {{ incremental_feeds() }}
    group by batch.feed
),

covered_by_every_feed as (
    select unnest(range_intersect_agg(spans)) as span
    from covered
    having count(*) = {{ incremental_feed_count() }}
),

scored_month as (
    select month_start::date as period_month
    from covered_by_every_feed
    cross join lateral generate_series(
        {{ ict_month('lower(span)') }}::timestamp,
        {{ ict_month("upper(span) - interval '1 microsecond'") }}::timestamp,
        interval '1 month'
    ) as month_start
    union
    select period_month
    from {{ source('ops', 'requested_month') }}
),

bounded as (
    select
        scored_month.period_month,
        {{ ict_start_of('scored_month.period_month') }} as period_start,
        greatest(
            {{ ict_start_of('scored_month.period_month') }},
            least(
                {{ ict_start_of(next_month('scored_month.period_month')) }},
                cutoff.data_cutoff
            )
        ) as period_end
    from scored_month
    cross join {{ ref('int_data_cutoff') }} as cutoff
    where scored_month.period_month >= {{ first_month_asked() }}
)

select
    bounded.period_month,
    bounded.period_start,
    bounded.period_end,
    greatest(
        bounded.period_month,
        {{ ict_date("bounded.period_end - interval '1 microsecond'") }}
    ) as last_day,
    {% if former is none -%}
        null::timestamptz as settled_until
from bounded
    {%- else -%}
        former.settled_until
from bounded
left join {{ former }} as former
    on bounded.period_month = former.period_month
    {%- endif %}
