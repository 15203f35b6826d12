with latest as (
    {{ latest_versions(source('raw', 'ratings'), ['rating_id']) }}
)

select
    rating_id,
    version_at,
    unit_code,
    rated_at,
    satisfaction
from latest
where not is_deleted
