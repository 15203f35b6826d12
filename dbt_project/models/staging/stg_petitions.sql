with latest as (
    {{ latest_versions(source('raw', 'petitions'), ['petition_id']) }}
)

select
    petition_id,
    version_at,
    unit_code,
    kind,
    received_at,
    reply_due_at,
    replied_at,
    state,
    satisfaction
from latest
where not is_deleted
