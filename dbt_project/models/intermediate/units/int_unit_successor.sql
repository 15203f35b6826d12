{{ config(post_hook='analyze {{ this }}') }}
-- breadth-first: the candidate with the fewest steps wins; of equally many, the one whose path
-- was named first at every step (positions compare element by element)
with recursive latest_version as (
    select distinct on (unit_code)
        unit_code,
        successor_unit_codes
    from {{ ref('stg_units') }}
    order by unit_code asc, valid_from desc
),

successor as (
    select
        latest_version.unit_code,
        named.unit_code as successor_code,
        named.position
    from latest_version
    cross join lateral
        unnest(latest_version.successor_unit_codes) with ordinality as named (unit_code, position)
),

walk as (
    select
        period.period_month,
        latest_version.unit_code as source_unit_code,
        latest_version.unit_code as candidate_code,
        array[latest_version.unit_code] as path_codes,
        array[]::bigint[] as path_positions,
        valid.unit_code is not null as is_valid
    from {{ ref('int_period') }} as period
    cross join latest_version
    left join {{ ref('int_unit_valid') }} as valid
        on
            period.period_month = valid.period_month
            and latest_version.unit_code = valid.unit_code

    union all

    select
        walk.period_month,
        walk.source_unit_code,
        successor.successor_code as candidate_code,
        walk.path_codes || successor.successor_code as path_codes,
        walk.path_positions || successor.position as path_positions,
        valid.unit_code is not null as is_valid
    from walk
    inner join successor on walk.candidate_code = successor.unit_code
    left join {{ ref('int_unit_valid') }} as valid
        on
            walk.period_month = valid.period_month
            and successor.successor_code = valid.unit_code
    where
        not walk.is_valid
        -- a circle of successors ends where it closes
        and successor.successor_code <> all(walk.path_codes)
)

select distinct on (period_month, source_unit_code)
    period_month,
    source_unit_code,
    case when is_valid then candidate_code end as unit_code
from walk
order by
    period_month asc,
    source_unit_code asc,
    is_valid desc,
    cardinality(path_positions) asc,
    path_positions asc
