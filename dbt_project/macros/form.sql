{#- The counted figures of the statistical form, by the model whose columns they are. The grain of
    each is period × province; form_rows and form_identities name the figures. -#}
{%- macro form_figures() -%}
    {{- return({
        'int_form_balance': [
            'dossiers_carried_over',
            'dossiers_received_online',
            'dossiers_received_in_person',
            'dossiers_received_by_post',
            'dossiers_resolved_on_time',
            'dossiers_resolved_late',
            'dossiers_withdrawn',
            'dossiers_stopped',
            'dossiers_open_on_time',
            'dossiers_open_overdue',
            'dossiers_resolved_by_departments',
            'dossiers_resolved_on_time_by_departments',
            'dossiers_resolved_by_communes',
            'dossiers_resolved_on_time_by_communes',
        ],
        'int_form_received': [
            'dossiers_received',
            'dossiers_received_full_service',
            'dossiers_received_online_full_service',
            'dossiers_received_partial_service',
            'dossiers_received_online_partial_service',
            'online_procedures_received',
            'online_procedures_received_online',
        ],
        'int_form_procedures': [
            'procedures_active',
            'provincial_procedures_active',
            'communal_procedures_active',
            'full_online_procedures_active',
            'fee_procedures_active',
            'fee_procedures_payment_integrated',
        ],
        'int_form_petitions': [
            'petitions_received',
            'petitions_answered',
        ],
    }) -}}
{%- endmacro -%}


{#- The terms of form_identities as rows (identity, side, source, code, may_be_missing): what is
    added up on a side is written as `source.code + source.code`, a term that the paper may leave
    out with a question mark. -#}
{%- macro form_identity_terms() -%}
    select
        identity.identity,
        written.side,
        split_part(term.term, '.', 1) as source,
        rtrim(substring(term.term from position('.' in term.term) + 1), '?') as code,
        term.term like '%?' as may_be_missing
    from {{ ref('form_identities') }} as identity
    cross join lateral (
        values
        ('left', identity.left_terms),
        ('right', identity.right_terms)
    ) as written (side, terms)
    cross join lateral string_to_table(written.terms, ' + ') as term (term)
{%- endmacro -%}


{#- The form models that cost something are counted anew only for periods in which something has
    changed. This is their configuration. Their rows carry `period_end` and `last_month`, so that a
    period whose end has moved shows; whatever happened in or before its last month may be carried
    over into it. `is_period_unique` where a period has one row in a province. -#}
{%- macro form_model_config(is_period_unique=true) -%}
    {{- return(config(
        materialized='incremental',
        incremental_strategy='append',
        on_schema_change='fail',
        indexes=[{'columns': ['period', 'province_code'], 'unique': is_period_unique}],
        pre_hook="{{ delete_changed_form_periods() }}",
        post_hook='analyze {{ this }}',
    )) -}}
{%- endmacro -%}


{#- Pre-hook of these models. -#}
{%- macro delete_changed_form_periods() -%}
    {%- if is_incremental() -%}
        delete from {{ this }} as counted
        where
            counted.last_month >= (
                select min(changed.period_month)
                from (
                    select period_month from {{ ref('int_touched_month') }}
                    union all
                    select period_month from {{ ref('int_touched_unit_month') }}
                ) as changed
            )
            or not exists (
                select 1
                from {{ ref('int_form_period') }} as form_period
                where
                    form_period.period = counted.period
                    and form_period.province_code = counted.province_code
                    and form_period.period_end = counted.period_end
                    and form_period.last_month = counted.last_month
            )
    {%- endif -%}
{%- endmacro -%}


{#- The periods that such a model has no rows of, as a query in parentheses. -#}
{%- macro form_periods_to_count() -%}
    {#- named outside the condition, so that dbt sees the dependencies when it parses -#}
    {%- set noted = [ref('int_touched_month'), ref('int_touched_unit_month')] -%}
    (
        select form_period.*
        from {{ ref('int_form_period') }} as form_period
        {%- if is_incremental() %}
        where not exists (
            select 1
            from {{ this }} as counted
            where
                counted.period = form_period.period
                and counted.province_code = form_period.province_code
        )
        {%- endif %}
    )
{%- endmacro -%}
