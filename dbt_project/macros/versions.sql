{#- The latest readable version of every key of a raw relation: the newest version wins, of equal
    versions the one that was landed later. The relation is aliased `version`.

    A condition on the key alone is pushed below the `distinct on`, so a look-up of one key
    reads the index on (key, version_at) and nothing else. -#}
{%- macro latest_versions(relation, key) -%}
    select distinct on ({{ key | join(', ') }}) version.*
    from {{ relation }} as version
    inner join {{ ref('stg_readable_batch') }} as readable
        on version.batch_id = readable.batch_id
    order by
        {{ key | join(' asc, ') }} asc,
        version.version_at desc,
        version.landed_at desc,
        version.landed_file desc,
        version.landed_line desc
{%- endmacro -%}


{#- The rows of a staging view for the keys in `changed` (a relation or CTE with the column
    `key`), by one index look-up per key; the whole view where `changed` is none. `offset 0`
    keeps the planner from turning the look-ups into a scan of all versions. -#}
{%- macro rows_of(staging, key, changed=none) -%}
    {%- if changed is none -%}
        select * from {{ staging }}
    {%- else -%}
        select found.*
        from {{ changed }} as changed_key
        cross join lateral (
            select *
            from {{ staging }} as candidate
            where candidate.{{ key }} = changed_key.{{ key }}
            offset 0
        ) as found
    {%- endif -%}
{%- endmacro -%}


{#- The rows of `relation` in the groups (period_month, unit_code) of `groups`, by one look-up per
    group in the relation's index on (`month`, unit_code). -#}
{%- macro rows_of_groups(relation, month, groups) -%}
    select found.*
    from {{ groups }} as touched_group
    cross join lateral (
        select *
        from {{ relation }} as candidate
        where
            candidate.{{ month }} = touched_group.period_month
            and candidate.unit_code = touched_group.unit_code
        offset 0
    ) as found
{%- endmacro -%}


{#- Whether a row of int_procedure_version tells on a day what its procedure is like, though it may
    have vanished from the source by then. -#}
{%- macro describes_on(version, day) -%}
    (
        {{ version }}.applies_from <= {{ day }}
        and ({{ version }}.describes_until is null or {{ day }} <= {{ version }}.describes_until)
    )
{%- endmacro -%}


{#- Whether the source still carries it on a day that it describes. -#}
{%- macro applies_on(version, day) -%}
    ({{ version }}.applies_until is null or {{ day }} <= {{ version }}.applies_until)
{%- endmacro -%}


{#- Whether the procedure is in effect on a day by its own dates; a missing one leaves it open. -#}
{%- macro is_effective_on(version, day) -%}
    (
        coalesce({{ version }}.effective_from <= {{ day }}, true)
        and coalesce({{ day }} <= {{ version }}.effective_to, true)
    )
{%- endmacro -%}
