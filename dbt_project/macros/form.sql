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
