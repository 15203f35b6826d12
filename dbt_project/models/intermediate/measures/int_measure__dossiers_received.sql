{{ config(materialized='view') }}
{%- set totals = [
    'dossiers_received',
    'dossiers_received_synchronised',
    'dossiers_received_digitised',
    'dossiers_received_reusing_data',
    'dossiers_received_using_population_data',
    'dossiers_received_with_fee',
    'dossiers_received_with_fee_paid_online',
] %}

select
    period_month,
    unit_code,
    {% for total in totals -%}
        sum({{ total }})::bigint as {{ total }},
    {% endfor -%}
    coalesce(
        sum(dossiers_received) filter (where online_procedures_received), 0
    )::bigint as dossiers_received_for_online_procedures,
    coalesce(
        sum(dossiers_received_online) filter (where online_procedures_received), 0
    )::bigint as dossiers_received_online_for_online_procedures
from {{ ref('int_measure__procedures_received') }}
group by period_month, unit_code
