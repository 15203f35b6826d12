-- the history is wanted here, so every snapshot version stays; only a version that was landed
-- twice is reduced to the one landed later
select distinct on (version.procedure_code, version.unit_code, version.version_at)
    version.procedure_code,
    version.unit_code,
    version.version_at,
    version.is_removed,
    version.procedure_name,
    version.field_code,
    version.field_name,
    version.government_level,
    version.online_level,
    version.has_fee,
    version.is_payment_integrated,
    version.shares_population_data,
    version.is_content_complete,
    version.publication_due_on,
    version.published_on,
    version.disclosure_due_on,
    version.disclosed_on,
    version.is_public,
    version.effective_from,
    version.effective_to
from {{ source('raw', 'procedures') }} as version
inner join {{ ref('stg_readable_batch') }} as readable
    on version.batch_id = readable.batch_id
order by
    version.procedure_code asc,
    version.unit_code asc,
    version.version_at asc,
    version.landed_at desc,
    version.landed_file desc,
    version.landed_line desc
