{{ config(
    severity='error',
    meta={'reason': 'Compliance and balance count the same resolutions by two ways; a province in which they differ has lost some.'}
) }}

select
    compliance.period_month,
    compliance.unit_code,
    compliance.denominator,
    balance.resolved_early + balance.resolved_on_the_day + balance.resolved_late as resolved
from {{ ref('mart_target_compliance') }} as compliance
inner join {{ ref('mart_dossier_balance') }} as balance
    on
        compliance.period_month = balance.period_month
        and compliance.unit_code = balance.unit_code
inner join {{ ref('int_unit_period') }} as unit
    on
        balance.period_month = unit.period_month
        and balance.unit_code = unit.province_code
        and balance.unit_code = unit.unit_code
where
    compliance.basis = 'month'
    and compliance.metric_code = 'end_to_end_online'
    and compliance.field_code = '*'
    and compliance.denominator
    <> balance.resolved_early + balance.resolved_on_the_day + balance.resolved_late
