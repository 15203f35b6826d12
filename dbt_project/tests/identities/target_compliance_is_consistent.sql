{{ config(
    severity='error',
    meta={'reason': 'A share of more than all, a year with less in it than its month, or a verdict that its shortfall contradicts would be published as a unit failing or meeting its target.'}
) }}

select
    compliance.*,
    year_to_date.numerator as year_to_date_numerator,
    year_to_date.denominator as year_to_date_denominator
from {{ ref('mart_target_compliance') }} as compliance
left join {{ ref('mart_target_compliance') }} as year_to_date
    on
        compliance.period_month = year_to_date.period_month
        and year_to_date.basis = 'year_to_date'
        and compliance.metric_code = year_to_date.metric_code
        and compliance.unit_code = year_to_date.unit_code
        and compliance.field_code = year_to_date.field_code
where
    compliance.numerator > compliance.denominator
    or compliance.numerator > coalesce(year_to_date.numerator, 0)
    or compliance.denominator > coalesce(year_to_date.denominator, 0)
    or compliance.is_compliant <> (compliance.shortfall = 0)
    or (compliance.is_compliant is null)
    <> (compliance.target_rate is null or compliance.denominator = 0)
    or (compliance.shortfall is null) <> (compliance.target_rate is null)
