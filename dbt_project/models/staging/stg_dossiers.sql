with latest as (
    {{ latest_versions(source('raw', 'dossiers'), ['dossier_id']) }}
)

select
    dossier_id,
    version_at,
    procedure_code,
    field_code,
    unit_code,
    channel,
    state,
    received_at,
    due_at,
    finished_at,
    returned_at,
    return_method,
    is_digitised,
    has_in_person_step,
    portal_payment_flag,
    fee_due,
    reused_document_count,
    electronic_result_count,
    shared_databases,
    synced_to_portal_at,
    synced_to_vault_at,
    landed_file,
    landed_line
from latest
where not is_deleted
