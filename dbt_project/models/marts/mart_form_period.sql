select
    period,
    province_code,
    period_start,
    period_end,
    closes_at,
    last_day,
    missing_months
from {{ ref('int_form_period') }}
