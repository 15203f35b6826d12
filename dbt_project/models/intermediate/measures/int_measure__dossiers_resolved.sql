{{ measure_model_config('dossier') }}

with resolved as (
    select
        period.period_month,
        record.unit_code,
        record.is_on_time,
        record.has_electronic_result,
        record.is_digitised,
        record.synced_to_vault_at < period.period_end as is_in_vault,
        certified_copy.procedure_code is not null as is_certified_copy
    {{ records_to_count('dossier', ref('fct_dossier'), 'resolved_month') }}
    left join {{ ref('certified_copy_procedures') }} as certified_copy
        on
            record.procedure_code = certified_copy.procedure_code
            and {{ is_valid_on('certified_copy', 'period.last_day') }}
    where record.closed_at < period.period_end
)

select
    period_month,
    unit_code,
    count(*) as dossiers_resolved,
    count(*) filter (where is_on_time) as dossiers_resolved_on_time,
    count(*) filter (where has_electronic_result) as dossiers_resolved_with_electronic_result,
    count(*) filter (where is_digitised) as digitised_dossiers_resolved,
    count(*) filter (
        where is_digitised and is_in_vault
    ) as digitised_dossiers_resolved_in_vault,
    count(*) filter (where is_certified_copy) as certified_copies_resolved,
    count(*) filter (
        where is_certified_copy and has_electronic_result
    ) as certified_copies_resolved_with_electronic_result
from resolved
group by period_month, unit_code
