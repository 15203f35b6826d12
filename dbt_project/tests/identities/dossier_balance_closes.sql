{{ config(
    severity='error',
    meta={'reason': 'What came in is what went out and what is left. The paper of the third quarter of 2025 fails this by 11,253 dossiers; a release must not.'}
) }}

select *
from {{ ref('mart_dossier_balance') }}
where
    carried_over + received_online + received_in_person + received_by_post
    <> resolved_early + resolved_on_the_day + resolved_late
    + withdrawn + stopped
    + open_on_time + open_overdue
