select batch_id
from {{ source('ops', 'batch') }}
where
    transformed_at is not null
    or batch_id in (select batch_id from {{ source('ops', 'transform_scope') }})
