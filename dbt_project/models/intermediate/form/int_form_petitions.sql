select
    form_period.period,
    form_period.province_code,
    count(petition.petition_id) as petitions_received,
    count(petition.petition_id) filter (
        where petition.replied_at < form_period.period_end
    ) as petitions_answered
from {{ ref('int_form_period') }} as form_period
left join {{ ref('int_unit_resolution') }} as resolution
    on
        form_period.last_month = resolution.period_month
        and form_period.province_code = resolution.province_code
left join {{ ref('int_petition') }} as petition
    on
        resolution.source_unit_code = petition.unit_code
        and petition.kind = 'regulations'
        and form_period.period_start <= petition.received_at
        and petition.received_at < form_period.period_end
group by form_period.period, form_period.province_code
