select
    field_code,
    field_name
from {{ ref('int_procedure_version') }}
where
    field_code is not null
    and field_name is not null

union

-- the catalogue of procedures says what its own codes mean
select
    field_code,
    field_name
from {{ ref('int_dossier_field_name') }}
where field_code not in (
    select known.field_code
    from {{ ref('int_procedure_version') }} as known
    where known.field_code is not null and known.field_name is not null
)
