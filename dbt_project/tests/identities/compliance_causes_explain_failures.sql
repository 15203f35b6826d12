{{ config(
    severity='error',
    meta={'reason': 'Every dossier that is not end-to-end online has a cause: no cause has more of them than there are, all together at least as many, and those with one cause alone at most as many.'}
) }}

with cause as (
    select
        period_month,
        unit_code,
        max(dossiers_failing) as largest,
        sum(dossiers_failing) as together,
        sum(dossiers_failing_only) as alone,
        bool_and(dossiers_failing_only <= dossiers_failing) as is_only_a_part
    from {{ ref('mart_compliance_cause') }}
    group by period_month, unit_code
)

select
    cause.*,
    compliance.denominator - compliance.numerator as failing
from cause
left join {{ ref('mart_target_compliance') }} as compliance
    on
        cause.period_month = compliance.period_month
        and cause.unit_code = compliance.unit_code
        and compliance.basis = 'month'
        and compliance.metric_code = 'end_to_end_online'
        and compliance.field_code = '*'
where
    (
        cause.largest <= compliance.denominator - compliance.numerator
        and compliance.denominator - compliance.numerator <= cause.together
        and cause.alone <= compliance.denominator - compliance.numerator
        and cause.is_only_a_part
    ) is not true
