{#- Measure models count records by month and by the unit that the source names; they are
    incremental by such groups. This is their configuration; `key` where the grain is finer. -#}
{%- macro measure_model_config(subject, key=['period_month', 'unit_code']) -%}
    {{- return(config(
        materialized='incremental',
        incremental_strategy='append',
        on_schema_change='fail',
        indexes=[{'columns': key, 'unique': true}],
        pre_hook=[
            "{{ full_build_without(['mergejoin']) }}",
            "{{ delete_counted_groups('" ~ subject ~ "') }}",
        ],
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
    {%- set touched -%}
        (
            select touched.* from {{ ref('int_touched_group') }} as touched
            where touched.subject = '{{ subject }}'
        )
    {%- endset %}
    from
        {% if is_incremental() -%}
            (
                {{ rows_of_groups(records, month, touched) }}
            )
        {%- else -%}
            {{ records }}
        {%- endif %} as record
    inner join {{ ref('int_period') }} as period
        on record.{{ month }} = period.period_month
{%- endmacro -%}


{#- The measure models, and which of their columns are measures.

    additive    counts: a unit's is the sum over its source units
    codes       whether a procedure code counts: distinct codes at every level
    rows        whether a procedure row counts, with the measure that it is part of: a unit counts
                rows, a province codes -#}
{%- macro additive_measures() -%}
    {{- return({
        'int_measure__dossiers_received': [
            'dossiers_received',
            'dossiers_received_synchronised',
            'dossiers_received_digitised',
            'dossiers_received_reusing_data',
            'dossiers_received_using_population_data',
            'dossiers_received_for_online_procedures',
            'dossiers_received_online_for_online_procedures',
            'dossiers_received_with_fee',
            'dossiers_received_with_fee_paid_online',
        ],
        'int_measure__dossiers_resolved': [
            'dossiers_resolved',
            'dossiers_resolved_on_time',
            'dossiers_resolved_with_electronic_result',
            'digitised_dossiers_resolved',
            'digitised_dossiers_resolved_in_vault',
            'certified_copies_resolved',
            'certified_copies_resolved_with_electronic_result',
        ],
        'int_measure__petitions': [
            'petitions_to_reply',
            'petitions_replied_on_time',
            'petitions_replied_rated',
            'petitions_replied_satisfied',
        ],
        'int_measure__ratings': [
            'ratings_given',
            'ratings_satisfied',
        ],
    }) -}}
{%- endmacro -%}


{%- macro code_measures() -%}
    {{- return([
        'online_procedures_received',
        'online_procedures_received_online',
        'fee_procedures_received',
        'fee_procedures_received_paid_online',
    ]) -}}
{%- endmacro -%}


{%- macro row_measures() -%}
    {{- return({
        'procedures_due_for_publication': 'procedures_due_for_publication',
        'procedures_published_on_time': 'procedures_due_for_publication',
        'procedures_due_for_disclosure': 'procedures_due_for_disclosure',
        'procedures_disclosed_on_time': 'procedures_due_for_disclosure',
        'procedures_active': 'procedures_active',
        'procedures_disclosed_in_full': 'procedures_active',
        'procedures_offered_online': 'procedures_active',
        'procedures_sharing_population_data': 'procedures_active',
        'fee_procedures_active': 'fee_procedures_active',
        'fee_procedures_payment_integrated': 'fee_procedures_active',
    }) -}}
{%- endmacro -%}


{#- Every measure as rows (period_month, unit_code, measure_code, value), by the unit for which the
    records count in the month; a unit without records gets zeros. `counting` is the relation that
    says which source units count for a unit (period_month, unit_code, source_unit_code), and
    whether procedures count there by their rows or, as in a province, by their codes
    (counts_codes). -#}
{%- macro all_measure_rows(counting) -%}
    {%- set additive = additive_measures() -%}
    {%- for model in additive -%}
        {%- set sums = {} -%}
        {%- for measure in additive[model] -%}
            {%- do sums.update({measure: 'coalesce(sum(counted.' ~ measure ~ '), 0)::bigint'}) -%}
        {%- endfor -%}
        {{ aggregate_measure_rows(ref(model), sums, counting) }}

        union all

    {% endfor -%}
    {%- set codes = {} -%}
    {%- for measure in code_measures() -%}
        {%- do codes.update({
            measure: 'count(distinct counted.procedure_code) filter (where counted.' ~ measure ~ ')'
        }) -%}
    {%- endfor -%}
    {{ aggregate_measure_rows(ref('int_measure__procedures_received'), codes, counting) }}

    union all

    {{ row_measure_rows(ref('int_measure__procedures'), row_measures(), counting) }}
{%- endmacro -%}


{#- `aggregates` maps each measure to its expression over the rows of `measure_model`, aliased
    `counted`. -#}
{%- macro aggregate_measure_rows(measure_model, aggregates, counting) -%}
    select
        summed.period_month,
        summed.unit_code,
        measured.measure_code,
        measured.value
    from (
        select
            counting.period_month,
            counting.unit_code,
            {% for measure, aggregate in aggregates.items() -%}
            {{ aggregate }} as {{ measure }}{{ ',' if not loop.last }}
            {% endfor %}
        from {{ counting }} as counting
        left join ({{ measures_of_months(measure_model, counting) }}) as counted
            on
                counting.period_month = counted.period_month
                and counting.source_unit_code = counted.unit_code
        group by counting.period_month, counting.unit_code
    ) as summed
    {{ measure_columns_as_rows(aggregates) }}
{%- endmacro -%}


{#- `measures` maps each measure to the one that it is part of. By codes, a code is in that one if
    any of its rows is, and in the measure if every such row is. -#}
{%- macro row_measure_rows(measure_model, measures, counting) -%}
    select
        unit.period_month,
        unit.unit_code,
        measured.measure_code,
        coalesce(measured.value, 0) as value
    from (select distinct period_month, unit_code from {{ counting }}) as unit
    left join (
        select
            period_month,
            unit_code,
            {% for measure, whole in measures.items() -%}
            sum(
                case
                    when not counts_codes then {{ measure }}
                    when {{ measure }} > 0 and {{ measure }} = {{ whole }} then 1
                    else 0
                end
            )::bigint as {{ measure }}{{ ',' if not loop.last }}
            {% endfor %}
        from (
            select
                counting.period_month,
                counting.unit_code,
                counting.counts_codes,
                counted.procedure_code,
                {% for measure in measures -%}
                count(*) filter (where counted.{{ measure }}) as {{ measure }}
                {{- ',' if not loop.last }}
                {% endfor %}
            from {{ counting }} as counting
            inner join ({{ measures_of_months(measure_model, counting) }}) as counted
                on
                    counting.period_month = counted.period_month
                    and counting.source_unit_code = counted.unit_code
            group by
                counting.period_month,
                counting.unit_code,
                counting.counts_codes,
                counted.procedure_code
        ) as by_code
        group by period_month, unit_code
    ) as summed
        on
            unit.period_month = summed.period_month
            and unit.unit_code = summed.unit_code
    {{ measure_columns_as_rows(measures) }}
{%- endmacro -%}


{#- Its rows, in an incremental run those of the months of `counting`: an array of months is pushed
    down into a view, and finds them by index. -#}
{%- macro measures_of_months(measure_model, counting) -%}
    select *
    from {{ measure_model }} as measured
    {% if is_incremental() -%}
    where measured.period_month = {{ any_key('period_month', counting) }}
    {%- endif %}
{%- endmacro -%}


{%- macro measure_columns_as_rows(measures) -%}
    cross join lateral (
        values
        {% for measure in measures -%}
        ('{{ measure }}', summed.{{ measure }}){{ ',' if not loop.last }}
        {% endfor %}
    ) as measured (measure_code, value)
{%- endmacro -%}
