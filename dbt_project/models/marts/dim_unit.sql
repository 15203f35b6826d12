select
    unit.unit_code,
    unit.valid_from,
    unit.valid_to,
    unit.unit_name,
    unit.unit_type,
    unit.parent_unit_code,
    unit.province_code,
    unit.successor_unit_codes[1] as successor_unit_code,
    case
        when cutoff.data_cutoff is null then unit.valid_to is null
        else
            {{ ict_date("cutoff.data_cutoff - interval '1 microsecond'") }}
            between unit.valid_from and coalesce(unit.valid_to, 'infinity'::date)
    end as is_current
from {{ ref('stg_units') }} as unit
cross join {{ ref('int_data_cutoff') }} as cutoff
