{{ config(
    indexes=[{'columns': ['period', 'province_code', 'procedure_code'], 'unique': true}]
) }}
{%- set any_active_row = {
    'is_provincial': "government_level = 'tinh'",
    'is_communal': "government_level = 'xa'",
    'has_fee': 'has_fee',
    'is_payment_integrated': 'is_payment_integrated',
} %}

with described as (
    select
        form_period.period,
        form_period.province_code,
        version.procedure_code,
        version.government_level,
        version.online_level,
        version.has_fee,
        version.is_payment_integrated,
        coalesce(
            {{ applies_on('version', 'form_period.last_day') }}
            and version.is_public
            and {{ is_effective_on('version', 'form_period.last_day') }},
            false
        ) as is_active
    from {{ ref('int_form_period') }} as form_period
    inner join {{ ref('int_unit_resolution') }} as resolution
        on
            form_period.last_month = resolution.period_month
            and form_period.province_code = resolution.province_code
    inner join {{ ref('int_procedure_version') }} as version
        on
            resolution.source_unit_code = version.unit_code
            and {{ describes_on('version', 'form_period.last_day') }}
)

select
    period,
    province_code,
    procedure_code,
    bool_or(is_active) as is_active,
    {% for attribute, condition in any_active_row.items() -%}
        coalesce(bool_or({{ condition }}) filter (where is_active), false) as {{ attribute }},
    {% endfor -%}
    -- a service that has ended within the period still was one
    coalesce(max(online_level) filter (where is_active), max(online_level)) as online_level
from described
group by period, province_code, procedure_code
