{{ measure_model_config(
    'dossier', key=['period_month', 'unit_code', 'procedure_code', 'procedure_unit_code']
) }}

with received as (
    select
        period.period_month,
        record.unit_code,
        record.procedure_code,
        record.procedure_unit_code,
        record.channel = 'online' as is_online,
        record.has_fee,
        record.is_digitised,
        record.is_reused,
        record.uses_population_data,
        record.synced_to_portal_at < period.period_end as is_synchronised,
        record.paid_online_at < period.period_end as is_paid_online,
        coalesce(procedure_version.online_level in (3, 4), false) as is_online_procedure
    {{ records_to_count('dossier', ref('fct_dossier'), 'received_month') }}
    -- the dossier's own procedure row, as the snapshot valid at the month's end describes it
    left join {{ ref('int_procedure_version') }} as procedure_version
        on
            record.procedure_code = procedure_version.procedure_code
            and record.procedure_unit_code = procedure_version.unit_code
            and {{ describes_on('procedure_version', 'period.last_day') }}
    where record.received_at < period.period_end
)

select
    period_month,
    unit_code,
    procedure_code,
    procedure_unit_code,
    count(*) as dossiers_received,
    count(*) filter (where is_online) as dossiers_received_online,
    count(*) filter (where is_synchronised) as dossiers_received_synchronised,
    count(*) filter (where is_digitised) as dossiers_received_digitised,
    count(*) filter (where is_reused) as dossiers_received_reusing_data,
    count(*) filter (where uses_population_data) as dossiers_received_using_population_data,
    count(*) filter (where has_fee) as dossiers_received_with_fee,
    count(*) filter (where has_fee and is_paid_online) as dossiers_received_with_fee_paid_online,
    is_online_procedure as online_procedures_received,
    is_online_procedure and bool_or(is_online) as online_procedures_received_online,
    bool_or(has_fee) as fee_procedures_received,
    coalesce(bool_or(has_fee and is_paid_online), false) as fee_procedures_received_paid_online
from received
group by period_month, unit_code, procedure_code, procedure_unit_code, is_online_procedure
