{{ config(
    indexes=[{'columns': ['period', 'province_code', 'procedure_code'], 'unique': true}]
) }}
{%- set any_row = {
    'is_provincial': "version.government_level = 'tinh'",
    'is_communal': "version.government_level = 'xa'",
    'has_fee': 'version.has_fee',
    'is_payment_integrated': 'version.is_payment_integrated',
} %}

select
    form_period.period,
    form_period.province_code,
    version.procedure_code,
    max(version.online_level) as online_level,
    {% for attribute, condition in any_row.items() -%}
        coalesce(bool_or({{ condition }}), false) as {{ attribute }}{{ ',' if not loop.last }}
    {% endfor %}
from {{ ref('int_form_period') }} as form_period
inner join {{ ref('int_unit_resolution') }} as resolution
    on
        form_period.last_month = resolution.period_month
        and form_period.province_code = resolution.province_code
inner join {{ ref('int_procedure_version') }} as version
    on
        resolution.source_unit_code = version.unit_code
        and {{ describes_on('version', 'form_period.last_day') }}
        and {{ applies_on('version', 'form_period.last_day') }}
        and version.is_public
        and {{ is_effective_on('version', 'form_period.last_day') }}
group by form_period.period, form_period.province_code, version.procedure_code
