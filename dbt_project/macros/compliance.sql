{#- The resolutions of the months of `unit` (a CTE with period_month), as seen at each month's end:
    of a complete month from the flow, of an open one counted anew. `since` is the first resolved
    month that counts for a period. -#}
{%- macro resolutions_seen(unit, since) -%}
    {%- set columns = ['period_month'] + resolution_flow_columns() -%}
    select
        {{ columns | join(',\n        ') }}
    from {{ ref('int_period') }} as period
    inner join {{ ref('int_resolution_flow') }} as flow
        on
            {{ since }} <= flow.resolved_month
            and flow.resolved_month <= period.period_month
    where
        {{ is_complete('period') }}
        and period.period_month in (select {{ unit }}.period_month from {{ unit }})

    union all

    select
        {{ columns | join(',\n        ') }}
    from {{ ref('int_resolution_flow_open_month') }} as period
    where
        {{ since }} <= period.resolved_month
        and period.period_month in (select {{ unit }}.period_month from {{ unit }})
{%- endmacro -%}


{#- Resolved in the year, up to the month. -#}
{%- macro year_to_date_resolutions(unit) -%}
    {{ resolutions_seen(unit, "date_trunc('year', period.period_month)::date") }}
{%- endmacro -%}


{#- Resolved in the month. -#}
{%- macro month_resolutions(unit) -%}
    {{ resolutions_seen(unit, 'period.period_month') }}
{%- endmacro -%}


{#- Pre-hook of the compliance mart: where another target is in force than the one that a row was
    judged by, or one for which a row is missing, the unit of that month is judged anew. -#}
{%- macro delete_units_of_changed_targets() -%}
    {%- if is_incremental() -%}
        delete from {{ this }}
        where (period_month, unit_code) in (
            select
                period_month,
                unit_code
            from {{ this }} as existing
            full join {{ ref('int_target') }} as target
                using (period_month, metric_code, unit_code, field_code)
            where existing.target_rate is distinct from target.target_rate
        )
    {%- endif -%}
{%- endmacro -%}
