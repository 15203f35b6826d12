{{ config(materialized='view') }}

-- of several entries the latest one stands, also where it blanks the figure
select distinct on (period, province_code, figure_code)
    period,
    province_code,
    figure_code,
    value
from {{ ref('form_text_figures') }}
order by period asc, province_code asc, figure_code asc, entered_on desc
