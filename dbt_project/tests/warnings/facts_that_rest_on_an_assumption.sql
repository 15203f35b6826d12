{{ config(
    severity='warn',
    meta={'reason': 'The rules say what stands in for a missing date or procedure row; how often they had to is worth knowing. Looks at the dossiers that this run has changed.'}
) }}

with changed as (
    select *
    from {{ ref('fct_dossier') }}
    where dossier_id = {{ any_key('dossier_id', ref('int_changed_dossier')) }}
),

assumed as (
    select
        'resolved without a due date: early' as assumption,
        count(*) filter (where is_resolved and due_at is null) as dossiers
    from changed
    union all
    select
        'closed without a closing time: return or last update stands in' as assumption,
        count(*) filter (where is_closing_time_assumed) as dossiers
    from changed
    union all
    select
        'no procedure row of its own unit: that of another unit stands in' as assumption,
        count(*) filter (where procedure_unit_code <> unit_code) as dossiers
    from changed
    union all
    select
        'no procedure row at all: at no online level' as assumption,
        count(*) filter (where procedure_unit_code is null) as dossiers
    from changed
)

select *
from assumed
where dossiers > 0
