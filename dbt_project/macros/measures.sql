{#- Measure models count records by month and by the unit that the source names; they are
    incremental by such groups. This is their configuration. -#}
{%- macro measure_model_config(subject) -%}
    {{- return(config(
        materialized='incremental',
        incremental_strategy='append',
        on_schema_change='fail',
        indexes=[{'columns': ['period_month', 'unit_code'], 'unique': true}],
        pre_hook="{{ delete_counted_groups('" ~ subject ~ "') }}",
    )) -}}
{%- endmacro -%}


{#- Pre-hook of a measure model. -#}
{%- macro delete_counted_groups(subject) -%}
    {%- if is_incremental() -%}
        delete from {{ this }} as counted
        where
            (counted.period_month, counted.unit_code) in (
                select touched.period_month, touched.unit_code
                from {{ ref('int_touched_group') }} as touched
                where touched.subject = '{{ subject }}'
            )
            or counted.period_month not in (select period_month from {{ ref('int_period') }})
    {%- endif -%}
{%- endmacro -%}


{#- The rows of `records` in the groups to be counted: the touched ones, or all. The relation is
    aliased `record`; `month` is the column of the event's month. -#}
{%- macro records_to_count(subject, records, month) -%}
    {#- named outside the condition, so that dbt sees the dependency when it parses -#}
    {%- set touched_groups = ref('int_touched_group') -%}
    from {{ records }} as record
    {%- if is_incremental() %}
    inner join {{ touched_groups }} as touched
        on
            record.{{ month }} = touched.period_month
            and record.unit_code = touched.unit_code
            and touched.subject = '{{ subject }}'
    {%- endif %}
    inner join {{ ref('int_period') }} as period
        on record.{{ month }} = period.period_month
{%- endmacro -%}


{#- The columns of a measure model as rows (period_month, unit_code, measure_code, value), by the
    unit for which the records count in the month. `counting` is the relation that says which
    source units count for a unit; a unit without records gets zeros. -#}
{%- macro measure_rows(measure_model, measures, counting) -%}
    select
        summed.period_month,
        summed.unit_code,
        measured.measure_code,
        measured.value
    from (
        select
            counting.period_month,
            counting.unit_code,
            {% for measure in measures -%}
            coalesce(sum(counted.{{ measure }}), 0)::bigint as {{ measure }}
            {{- ',' if not loop.last }}
            {% endfor %}
        from {{ counting }} as counting
        left join {{ measure_model }} as counted
            on
                counting.period_month = counted.period_month
                and counting.source_unit_code = counted.unit_code
        group by counting.period_month, counting.unit_code
    ) as summed
    cross join lateral (
        values
        {% for measure in measures -%}
        ('{{ measure }}', summed.{{ measure }}){{ ',' if not loop.last }}
        {% endfor %}
    ) as measured (measure_code, value)
{%- endmacro -%}
