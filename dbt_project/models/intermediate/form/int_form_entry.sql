{{ config(materialized='view') }}

-- of several entries the latest one stands, also where it blanks the row
select distinct on (period, province_code, row_code)
    period,
    province_code,
    row_code,
    value,
    note_vi
from {{ ref('form_entries') }}
order by period asc, province_code asc, row_code asc, entered_on desc
