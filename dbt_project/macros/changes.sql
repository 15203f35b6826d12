{#- How the incremental models replace the rows of changed keys.

    Before: the months and units in which the standing rows count are noted as touched, and the
    rows are deleted (a key that counts nowhere any more has no new row to replace its old one).
    After: the months and units of the new rows are noted. Both run as hooks in the transaction
    of the model, so a run that breaks off between two models loses no touched month.

    A subject is what the rows are about; a month counts wherever one of its events lies. -#}
{%- macro changing_rows(subject) -%}
    {%- if subject == 'dossier' -%}
        {{- return({
            'key': 'dossier_id',
            'changed': ref('int_changed_dossier'),
            'months': ['received_month', 'resolved_month', 'closed_month'],
        }) -}}
    {%- elif subject == 'petition' -%}
        {{- return({
            'key': 'petition_id',
            'changed': keys_in_scope(source('raw', 'petitions'), 'petition_id'),
            'months': ['received_month', 'due_month', 'replied_month'],
        }) -}}
    {%- elif subject == 'rating' -%}
        {{- return({
            'key': 'rating_id',
            'changed': keys_in_scope(source('raw', 'ratings'), 'rating_id'),
            'months': ['rated_month'],
        }) -}}
    {%- endif -%}
{%- endmacro -%}


{#- Pre-hook of a subject's model. -#}
{%- macro retire_changed_rows(subject) -%}
    {%- if is_incremental() -%}
        {%- set rows = changing_rows(subject) -%}
        {{ note_changed_rows(subject) }};
        delete from {{ this }}
        where {{ rows.key }} = {{ any_key(rows.key, rows.changed) }}
    {%- endif -%}
{%- endmacro -%}


{#- Post-hook of a subject's model. -#}
{%- macro note_changed_rows(subject) -%}
    {%- if is_incremental() -%}
        {%- set rows = changing_rows(subject) -%}
        insert into {{ ref('int_touched_unit_month') }} (subject, period_month, unit_code)
        select distinct '{{ subject }}', event.period_month, counted.unit_code
        from {{ this }} as counted
        cross join lateral (
            values {% for month in rows.months -%}
                (counted.{{ month }}){{ ', ' if not loop.last }}
            {%- endfor %}
        ) as event (period_month)
        where
            event.period_month is not null
            and counted.{{ rows.key }} = {{ any_key(rows.key, rows.changed) }}
        on conflict do nothing
    {%- endif -%}
{%- endmacro -%}


{#- The keys of a raw relation that the batches of this transform bring: a query in
    parentheses. -#}
{%- macro keys_in_scope(relation, key) -%}
    (
        select distinct {{ key }}
        from {{ rows_in_scope(relation) }} as brought
    )
{%- endmacro -%}


{#- The rows of a raw relation that the batches of this transform bring, a query in parentheses.
    The offset keeps the planner at one index look-up per batch: it knows little of batches that
    are new, and would scan all of history. Of a snapshot there is little history to scan. -#}
{%- macro rows_in_scope(relation) -%}
    {%- set scope = source('ops', 'transform_scope') -%}
    {%- if relation.identifier not in incremental_feed_names() -%}
    (
        select * from {{ relation }}
        where batch_id = {{ any_key('batch_id', scope) }}
    )
    {%- else -%}
    (
        select found.*
        from {{ scope }} as scope
        cross join lateral (
            select *
            from {{ relation }} as candidate
            where candidate.batch_id = scope.batch_id
            offset 0
        ) as found
    )
    {%- endif -%}
{%- endmacro -%}


{#- What a key equals when it is one of those of `changed`. Of an array the planner thinks that it
    is short, and looks every key up in the index, however many rows there are beside them. -#}
{%- macro any_key(key, changed) -%}
    any(array(select {{ key }} from {{ changed }} as changed))
{%- endmacro -%}


{#- Which procedure row describes a dossier, its field and its level may change with a row of its
    code: with the row that describes it now, or with one of its own unit that is new; and a dossier
    that another unit's row stands in for, with any. Only the fact knows the procedures of all
    dossiers, hence its first hook. -#}
{%- macro add_dossiers_of_changed_procedures() -%}
    {%- if is_incremental() -%}
        insert into {{ ref('int_changed_dossier') }} (dossier_id)
        select fact.dossier_id
        from (
            select distinct procedure_code, unit_code
            from {{ source('raw', 'procedures') }}
            where batch_id in (select batch_id from {{ source('ops', 'transform_scope') }})
        ) as changed
        inner join {{ this }} as fact
            on
                changed.procedure_code = fact.procedure_code
                and (
                    changed.unit_code in (fact.unit_code, fact.procedure_unit_code)
                    or fact.procedure_unit_code is distinct from fact.unit_code
                )
        on conflict do nothing
    {%- endif -%}
{%- endmacro -%}


{#- Pre-hook of a model that is keyed by procedure or dossier and notes nothing. -#}
{%- macro delete_changed(key, changed) -%}
    {%- if is_incremental() -%}
        delete from {{ this }} where {{ key }} = {{ any_key(key, changed) }}
    {%- endif -%}
{%- endmacro -%}


{#- Pre-hook of a model that is rebuilt by months: the touched ones, and any month that is not
    scored any more. -#}
{%- macro delete_touched_months(touched='int_touched_month') -%}
    {%- if is_incremental() -%}
        delete from {{ this }}
        where
            period_month in (select period_month from {{ ref(touched) }})
            or period_month not in (select period_month from {{ ref('int_period') }})
    {%- endif -%}
{%- endmacro -%}


{#- Pre-hook of a large model: ways that a first or full build of it must not take, though the
    planner would. A merge join with the few procedures sorts all records, on disk, and leaves those
    of a month all over the table; sorts before a count, which the planner takes for one of many
    groups, because it knows nothing of how its columns hang together. -#}
{%- macro full_build_without(ways) -%}
    {%- if not is_incremental() -%}
        {%- for way in ways -%}
            set local enable_{{ way }} = off{{ '; ' if not loop.last }}
        {%- endfor -%}
    {%- endif -%}
{%- endmacro -%}


{#- Indexes of a large model by which changed rows are found again. Marts of an instant, built
    beside the live ones, are built once. -#}
{%- macro indexes_for_changes(indexes) -%}
    {{- return([] if var('schema_prefix', '') else indexes) -}}
{%- endmacro -%}


{#- Post-hook of a large model. Its primary key, by default that of its contract, is made after the
    rows of a first or full build: kept up row by row it takes thrice as long. A model with a
    contract says so by `key_after_first_build` in its `meta`; while dbt parses, there is none. -#}
{%- macro finish_first_build(key=none) -%}
    {%- if execute and not is_incremental() -%}
        alter table {{ this }}
        add primary key ({{ key or model.constraints[0].columns | join(', ') }});
        analyze {{ this }}
    {%- endif -%}
{%- endmacro -%}


{#- dbt's own columns and constraints of a new table, but for keys that are made after its rows. -#}
{%- macro postgres__get_table_columns_and_constraints() -%}
    {%- if model.config.meta.get('key_after_first_build') -%}
        ({{ adapter.render_raw_columns_constraints(raw_columns=model['columns']) | join(', ') }})
    {%- else -%}
        {{ default__get_table_columns_and_constraints() }}
    {%- endif -%}
{%- endmacro -%}
