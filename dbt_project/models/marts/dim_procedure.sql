{{ config(materialized='view') }}

select
    procedure_code,
    unit_code,
    procedure_name,
    field_code,
    field_name,
    government_level,
    online_level,
    has_fee,
    is_payment_integrated,
    shares_population_data,
    is_content_complete,
    publication_due_on,
    published_on,
    disclosure_due_on,
    disclosed_on,
    is_public,
    effective_from,
    effective_to,
    applies_from as valid_from,
    applies_until as valid_to
from {{ ref('int_procedure_version') }}
