{{ config(
    indexes=[{'columns': ['subject', 'period_month', 'unit_code'], 'unique': true}],
    post_hook='analyze {{ this }}'
) }}

-- depends on the models whose hooks note touched months, so that all have been noted
-- depends_on: {{ ref('fct_dossier') }}
-- depends_on: {{ ref('int_petition') }}
-- depends_on: {{ ref('int_rating') }}
select
    touched.subject,
    touched.period_month,
    touched.unit_code
from {{ ref('int_touched_unit_month') }} as touched
inner join {{ ref('int_period') }} as period
    on touched.period_month = period.period_month

union

-- where a month's end has moved, every record near it may count differently; the successors know
-- every code, also one that is placed in no province yet
select
    subject.subject,
    period.period_month,
    led.source_unit_code as unit_code
from {{ ref('int_period') }} as period
inner join {{ ref('int_unit_successor') }} as led
    on period.period_month = led.period_month
cross join (values ('dossier'), ('petition'), ('rating')) as subject (subject)
where period.settled_until is distinct from period.period_end
