{{
    config(
        materialized='incremental',
        incremental_strategy='append',
        on_schema_change='fail',
        pre_hook=[
            "{{ delete_touched_units('is_touched_in_year') }}",
            "{{ delete_units_of_changed_targets() }}",
        ],
        post_hook="{{ finish_first_build() }}"
    )
}}

-- depends_on: {{ ref('int_touched_unit_period') }}
with unit as (
    {{ missing_units() }}
),

flow as (
    {{ year_to_date_resolutions('unit') }}
),

-- a dossier that names no field has its procedure's, as the snapshot valid at the month's end
-- describes that
in_field as (
    select
        flow.*,
        coalesce(nullif(flow.field_code, ''), procedure_version.field_code, '')
            as counted_field_code
    from flow
    inner join {{ ref('int_period') }} as period
        on flow.period_month = period.period_month
    left join {{ ref('int_procedure_version') }} as procedure_version
        on
            flow.procedure_code = procedure_version.procedure_code
            and flow.procedure_unit_code = procedure_version.unit_code
            and {{ describes_on('procedure_version', 'period.last_day') }}
),

-- a resolution of the month itself counts in both bases
by_basis as (
    select
        flow.period_month,
        flow.unit_code as source_unit_code,
        flow.counted_field_code as field_code,
        basis.basis,
        sum(flow.dossiers) as resolved,
        sum(flow.dossiers) filter (
            where
                flow.is_submitted_online
                and flow.fee_settled_month <= flow.period_month
                and flow.has_electronic_result
                and flow.is_returned_online_or_by_post
                and flow.is_without_in_person_step
        ) as end_to_end_online,
        sum(flow.dossiers) filter (
            where flow.has_electronic_result
        ) as with_electronic_result,
        sum(flow.dossiers) filter (
            where flow.has_electronic_result and flow.vaulted_month <= flow.period_month
        ) as result_in_vault
    from in_field as flow
    inner join (values ('month'), ('year_to_date')) as basis (basis)
        on basis.basis = 'year_to_date' or flow.resolved_month = flow.period_month
    group by flow.period_month, flow.unit_code, flow.counted_field_code, basis.basis
),

-- the unit and everything under it; by field, and all fields together
by_unit as (
    select
        by_basis.period_month,
        by_basis.basis,
        covering.unit_code,
        case when grouping(by_basis.field_code) = 1 then '*' else by_basis.field_code end
            as field_code,
        sum(by_basis.resolved) as resolved,
        sum(by_basis.end_to_end_online) as end_to_end_online,
        sum(by_basis.with_electronic_result) as with_electronic_result,
        sum(by_basis.result_in_vault) as result_in_vault
    from by_basis
    inner join {{ ref('int_unit_resolution') }} as resolution
        on
            by_basis.period_month = resolution.period_month
            and by_basis.source_unit_code = resolution.source_unit_code
    inner join {{ ref('int_unit_descendant') }} as covering
        on
            resolution.period_month = covering.period_month
            and resolution.unit_code = covering.descendant_unit_code
    group by
        by_basis.period_month,
        by_basis.basis,
        covering.unit_code,
        grouping sets ((by_basis.field_code), ())
),

by_metric as (
    select
        by_unit.period_month,
        by_unit.basis,
        metric.metric_code,
        by_unit.unit_code,
        by_unit.field_code,
        metric.numerator,
        metric.denominator
    from by_unit
    cross join lateral (
        values
        ('end_to_end_online', by_unit.end_to_end_online, by_unit.resolved),
        ('result_in_vault', by_unit.result_in_vault, by_unit.with_electronic_result)
    ) as metric (metric_code, numerator, denominator)
    where by_unit.field_code <> ''
),

-- all fields together for every unit, the fields with a target of their own, and the fields in
-- which something was resolved
row_key as (
    select
        unit.period_month,
        basis.basis,
        metric.metric_code,
        unit.unit_code,
        '*' as field_code
    from unit
    cross join (values ('month'), ('year_to_date')) as basis (basis)
    cross join (values ('end_to_end_online'), ('result_in_vault')) as metric (metric_code)

    union

    select
        target.period_month,
        basis.basis,
        target.metric_code,
        target.unit_code,
        target.field_code
    from {{ ref('int_target') }} as target
    inner join unit
        on
            target.period_month = unit.period_month
            and target.unit_code = unit.unit_code
    cross join (values ('month'), ('year_to_date')) as basis (basis)

    union

    select
        by_metric.period_month,
        by_metric.basis,
        by_metric.metric_code,
        by_metric.unit_code,
        by_metric.field_code
    from by_metric
    inner join unit
        on
            by_metric.period_month = unit.period_month
            and by_metric.unit_code = unit.unit_code
),

measured as (
    select
        row_key.*,
        coalesce(by_metric.numerator, 0)::bigint as numerator,
        coalesce(by_metric.denominator, 0)::bigint as denominator,
        target.target_rate
    from row_key
    left join by_metric
        on
            row_key.period_month = by_metric.period_month
            and row_key.basis = by_metric.basis
            and row_key.metric_code = by_metric.metric_code
            and row_key.unit_code = by_metric.unit_code
            and row_key.field_code = by_metric.field_code
    left join {{ ref('int_target') }} as target
        on
            row_key.period_month = target.period_month
            and row_key.metric_code = target.metric_code
            and row_key.unit_code = target.unit_code
            and row_key.field_code = target.field_code
)

select
    period_month,
    basis,
    metric_code,
    unit_code,
    field_code,
    numerator,
    denominator,
    {{ exact_ratio('numerator', 'denominator') }} as rate,
    target_rate,
    -- compared as products, so that no rounded quotient decides
    case when denominator > 0 then numerator >= target_rate * denominator end as is_compliant,
    case
        when target_rate is not null
            then greatest(ceil(target_rate * denominator) - numerator, 0)::bigint
    end as shortfall
from measured
