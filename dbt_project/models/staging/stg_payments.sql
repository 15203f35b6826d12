with latest as (
    {{ latest_versions(source('raw', 'payments'), ['payment_id']) }}
)

select
    payment_id,
    version_at,
    dossier_id,
    method,
    is_via_national_platform,
    amount,
    status,
    paid_at
from latest
