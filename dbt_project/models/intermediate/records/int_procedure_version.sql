{{
    config(
        materialized='incremental',
        incremental_strategy='append',
        on_schema_change='fail',
        indexes=[
            {'columns': ['procedure_code', 'unit_code', 'applies_from'], 'unique': true}
        ],
        pre_hook="{{ delete_changed('procedure_code', keys_in_scope(source('raw', 'procedures'), 'procedure_code')) }}"
    )
}}

with snapshot as (
    {% if is_incremental() -%}
        {{ rows_of(
            ref('stg_procedures'),
            'procedure_code',
            keys_in_scope(source('raw', 'procedures'), 'procedure_code')
        ) }}
    {%- else -%}
        {{ rows_of(ref('stg_procedures'), 'procedure_code') }}
    {%- endif %}
),

snapshot_version as (
    select
        *,
        {{ ict_date('version_at') }} as seen_on,
        count(*) filter (where not is_removed) over (
            partition by procedure_code, unit_code
            order by version_at
        ) as described_versions
    from snapshot
),

-- the first known version applies to all the time before it; of several versions on one day,
-- the last one applies from that day
dated as (
    select distinct on (procedure_code, unit_code, applies_from)
        *,
        case
            when described_versions = 1 and not is_removed then {{ beginning_of_time() }}
            else seen_on
        end as applies_from
    from snapshot_version
    where described_versions > 0
    order by procedure_code asc, unit_code asc, applies_from asc, version_at desc
),

followed as (
    select
        *,
        lead(applies_from) over (
            partition by procedure_code, unit_code
            order by applies_from
        ) as followed_from
    from dated
),

-- a removed row has no content of its own: it ends the version before it, which goes on
-- describing the dossiers that name it
described as (
    select
        *,
        lead(applies_from) over (
            partition by procedure_code, unit_code
            order by applies_from
        ) as described_elsewhere_from
    from followed
    where not is_removed
)

select
    procedure_code,
    unit_code,
    applies_from,
    described_elsewhere_from - 1 as describes_until,
    followed_from - 1 as applies_until,
    procedure_name,
    field_code,
    field_name,
    government_level,
    online_level,
    has_fee,
    is_payment_integrated,
    shares_population_data,
    is_content_complete,
    publication_due_on,
    published_on,
    disclosure_due_on,
    disclosed_on,
    is_public,
    effective_from,
    effective_to
from described
