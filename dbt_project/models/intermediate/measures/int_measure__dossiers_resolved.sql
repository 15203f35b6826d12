{{ measure_model_config('dossier') }}

select
    period.period_month,
    record.unit_code,
    count(*) as dossiers_resolved,
    count(*) filter (where record.is_on_time) as dossiers_resolved_on_time,
    count(*) filter (
        where record.has_electronic_result
    ) as dossiers_resolved_with_electronic_result
{{ records_to_count('dossier', ref('fct_dossier'), 'resolved_month') }}
where record.closed_at < period.period_end
group by period.period_month, record.unit_code
