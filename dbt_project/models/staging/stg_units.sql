with latest as (
    {{ latest_versions(source('raw', 'units'), ['unit_code', 'valid_from']) }}
),

judged as (
    select
        *,
        bool_and(is_removed) over (partition by unit_code) as is_code_removed
    from latest
)

-- a version that the source no longer carries was corrected away; a code that has vanished as a
-- whole keeps its last versions up to then, so that its records still find their province
select
    unit_code,
    valid_from,
    case
        when is_code_removed
            then least(valid_to, {{ ict_date('version_at') }} - 1)
        else valid_to
    end as valid_to,
    unit_name,
    unit_type,
    parent_unit_code,
    province_code,
    successor_unit_codes
from judged
where not is_removed or is_code_removed
