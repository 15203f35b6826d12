{{ config(materialized='view') }}

select
    case
        when count(*) = {{ incremental_feed_count() }} then min(loaded_until)
    end as data_cutoff
from {{ source('ops', 'watermark') }}
where feed in {{ incremental_feeds() }}
