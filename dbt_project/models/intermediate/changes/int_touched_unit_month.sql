{{
    config(
        materialized='incremental',
        incremental_strategy='append',
        on_schema_change='fail',
        indexes=[{'columns': ['subject', 'period_month', 'unit_code'], 'unique': true}]
    )
}}

-- Empty at its creation. The hooks of the models whose rows change write it, in the transaction
-- that changes them (macros/changes.sql). It outlives a run that breaks off, so that the next one
-- still knows what to count again; the orchestration empties it when a whole run has succeeded.
select
    null::text as subject,
    null::date as period_month,
    null::text as unit_code
where false
