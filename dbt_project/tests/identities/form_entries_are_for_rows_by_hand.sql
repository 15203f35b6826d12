{{ config(
    severity='error',
    meta={'reason': 'An entry for a computed row would not be printed, though somebody took it for a correction.'}
) }}

select entry.*
from {{ ref('form_entries') }} as entry
inner join {{ ref('form_rows') }} as form_row
    on entry.row_code = form_row.row_code
where form_row.origin is distinct from 'by_hand'
