{{ config(
    severity='error',
    meta={'reason': 'A province that is missing from the list would send its rows to quarantine.'}
) }}

select
    counted.day,
    count(province.province_code) as provinces
from (
    values
    (date '2022-06-23', 63), (date '2025-06-30', 63), (date '2025-07-01', 34),
    (date '2025-12-31', 34)
) as counted (day, expected)
left join {{ ref('provinces') }} as province
    on {{ is_valid_on('province', 'counted.day') }}
group by counted.day, counted.expected
having count(province.province_code) <> counted.expected
