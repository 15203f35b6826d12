{{ config(
    severity='error',
    meta={'reason': 'A locality may set targets of its own, never below those it was given (decision of May 2025, article 2, 1c).'}
) }}

-- a target that names its unit, with that unit and the units above it while both are in force;
-- a target for a field is held against those for the field and those for all fields together
with recursive lineage as (
    select
        own.metric_code,
        own.unit_code,
        own.field_name,
        own.target_rate,
        own.valid_from,
        own.valid_to,
        unit.unit_code as giver_code,
        unit.unit_type as giver_type,
        unit.parent_unit_code
    from {{ ref('targets') }} as own
    inner join {{ ref('dim_unit') }} as unit
        on
            own.unit_code = unit.unit_code
            and {{ overlap('own', 'unit') }}

    union

    select
        lineage.metric_code,
        lineage.unit_code,
        lineage.field_name,
        lineage.target_rate,
        lineage.valid_from,
        lineage.valid_to,
        parent.unit_code as giver_code,
        parent.unit_type as giver_type,
        parent.parent_unit_code
    from lineage
    inner join {{ ref('dim_unit') }} as parent
        on
            lineage.parent_unit_code = parent.unit_code
            and {{ overlap('lineage', 'parent') }}
)

select
    lineage.*,
    given.unit_code as given_to,
    given.target_rate as given_rate
from lineage
inner join {{ ref('targets') }} as given
    on
        lineage.metric_code = given.metric_code
        and (
            given.unit_code = '*'
            or (given.unit_code = lineage.giver_code and given.unit_code <> lineage.unit_code)
        )
        and given.unit_type in ('*', lineage.giver_type)
        and given.field_name in ('*', lineage.field_name)
        and {{ overlap('lineage', 'given') }}
where lineage.target_rate < given.target_rate
