{{ config(
    severity='warn',
    meta={'reason': 'Neither the unit nor a successor is valid in the month, so no unit answers for these. Only a warning: the province counts them all the same.'}
) }}

select
    counted.period_month,
    counted.unit_code,
    counted.dossiers_received
from {{ ref('int_measure__dossiers_received') }} as counted
inner join {{ ref('int_unit_resolution') }} as resolution
    on
        counted.period_month = resolution.period_month
        and counted.unit_code = resolution.source_unit_code
where
    resolution.is_province_only
    and counted.unit_code <> resolution.unit_code
