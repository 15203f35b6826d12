{{ config(
    severity='warn',
    meta={'reason': 'Records of a unit that the source places in no province count for no province. Only a warning: the units feed decides, and the units themselves are scored.'}
) }}

select
    counted.period_month,
    counted.unit_code,
    counted.dossiers_received
from {{ ref('int_measure__dossiers_received') }} as counted
left join {{ ref('int_unit_resolution') }} as resolution
    on
        counted.period_month = resolution.period_month
        and counted.unit_code = resolution.source_unit_code
where resolution.province_code is null
