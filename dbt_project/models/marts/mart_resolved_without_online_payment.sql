{{ config(materialized='view', grants={'select': ['service_index_publisher']}) }}

select
    period.period_month,
    resolution.unit_code,
    dossier.dossier_id,
    dossier.procedure_code,
    coalesce(dossier.own_field_code, procedure_version.field_code) as field_code,
    dossier.closed_at,
    dossier.paid_online_at,
    dossier.landed_file,
    dossier.landed_line
from {{ ref('int_period') }} as period
inner join {{ ref('fct_dossier') }} as dossier
    on period.period_month = dossier.resolved_month
inner join {{ ref('int_procedure_version') }} as procedure_version
    on
        dossier.procedure_code = procedure_version.procedure_code
        and dossier.procedure_unit_code = procedure_version.unit_code
        and {{ describes_on('procedure_version', 'period.last_day') }}
inner join {{ ref('int_unit_resolution') }} as resolution
    on
        period.period_month = resolution.period_month
        and dossier.unit_code = resolution.source_unit_code
where
    dossier.closed_at < period.period_end
    and dossier.channel = 'online'
    and procedure_version.online_level = 4
    and dossier.has_fee
    and (dossier.paid_online_at is null or dossier.closed_at < dossier.paid_online_at)
