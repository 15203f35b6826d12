{{ config(materialized='view') }}

with feed as (
    select feed
    from (
        values
        ('dossiers'), ('payments'), ('petitions'), ('ratings'), ('procedures'), ('units'),
        ('national_scores')
    ) as listed (feed)
),

batch as (
    select
        feed,
        max(landed_at) as last_batch_at
    from {{ source('ops', 'batch') }}
    group by feed
),

refused as (
    select
        feed,
        count(*) as records_in_quarantine
    from {{ source('quarantine', 'record') }}
    where resolved_at is null
    group by feed
)

select
    feed.feed,
    watermark.loaded_until,
    batch.last_batch_at,
    coalesce(refused.records_in_quarantine, 0) as records_in_quarantine
from feed
left join {{ source('ops', 'watermark') }} as watermark
    on feed.feed = watermark.feed
left join batch
    on feed.feed = batch.feed
left join refused
    on feed.feed = refused.feed
