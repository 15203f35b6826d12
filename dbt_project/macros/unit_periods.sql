{#- Marts by month and unit are rebuilt unit by unit: what is stale is deleted, and what is missing
    is built. So a row that ought to be there and is not can never stay away. -#}

{#- Pre-hook: the rows of units that are touched, and of units and months that do not exist (any
    more). `condition` narrows the touched ones. -#}
{%- macro delete_touched_units(condition='true') -%}
    {%- if is_incremental() -%}
        delete from {{ this }}
        where (period_month, unit_code) in (
            select
                period_month,
                unit_code
            from {{ ref('int_touched_unit_period') }}
            where {{ condition }}
        );
        delete from {{ this }} as existing
        where not exists (
            select 1
            from {{ ref('int_unit_period') }} as unit
            where
                unit.period_month = existing.period_month
                and unit.unit_code = existing.unit_code
        )
    {%- endif -%}
{%- endmacro -%}


{#- The units of a month that have no rows yet, as a query. -#}
{%- macro missing_units() -%}
    select
        unit.period_month,
        unit.unit_code
    from {{ ref('int_unit_period') }} as unit
    {% if is_incremental() -%}
    where not exists (
        select 1
        from {{ this }} as existing
        where
            existing.period_month = unit.period_month
            and existing.unit_code = unit.unit_code
    )
    {%- endif %}
{%- endmacro -%}
