{{ measure_model_config('rating') }}

select
    period.period_month,
    record.unit_code,
    count(*) as ratings_given,
    count(*) filter (where record.is_satisfied) as ratings_satisfied
{{ records_to_count('rating', ref('int_rating'), 'rated_month') }}
where record.rated_at < period.period_end
group by period.period_month, record.unit_code
