{%- set figures = {
    'procedures_active': 'true',
    'provincial_procedures_active': 'procedure.is_provincial',
    'communal_procedures_active': 'procedure.is_communal',
    'full_online_procedures_active': 'procedure.online_level = 4',
    'fee_procedures_active': 'procedure.has_fee',
    'fee_procedures_payment_integrated': 'procedure.has_fee and procedure.is_payment_integrated',
} -%}

select
    form_period.period,
    form_period.province_code,
    {% for figure, condition in figures.items() -%}
        count(procedure.procedure_code) filter (where {{ condition }}) as {{ figure }}
        {{- ',' if not loop.last }}
    {% endfor %}
from {{ ref('int_form_period') }} as form_period
left join {{ ref('int_form_procedure') }} as procedure
    on
        form_period.period = procedure.period
        and form_period.province_code = procedure.province_code
group by form_period.period, form_period.province_code
