-- Scores, totals and ranks; balance; compliance.

create table fct_criterion_score as
select
    period.period_month,
    dim_unit.unit_code,
    dim_unit.unit_type,
    dim_unit.province_code,
    criterion.criterion_code,
    criterion.group_code,
    numerator.value as numerator,
    denominator.value as denominator,
    numerator.value / nullif(denominator.value, 0) as rate,
    criterion.max_points::integer as max_points,
    -- least() alone would pass over an unknown rate
    if(rate is null, null, least(1, rate / criterion.target_rate::double))
    * criterion.max_points::integer as score,
    if(rate is null, null, criterion.max_points::integer) as scored_max
from period
cross join dim_unit
inner join seed('criteria') as criterion
    on is_valid_on(criterion.valid_from, criterion.valid_to, last_day)
left join fct_measure as numerator
    on
        dim_unit.unit_code = numerator.unit_code
        and criterion.numerator_measure = numerator.measure_code
        and (
            criterion.applies_to = 'all'
            or list_contains(string_split(criterion.applies_to, ';'), dim_unit.unit_type)
        )
left join fct_measure as denominator
    on
        numerator.unit_code = denominator.unit_code
        and criterion.denominator_measure = denominator.measure_code;

create table mart_monthly_score as
with totalled as (
    select
        period_month,
        province_code,
        unit_code,
        unit_type,
        coalesce(sum(score) filter (where group_code = 'transparency'), 0) as transparency,
        coalesce(sum(scored_max) filter (where group_code = 'transparency'), 0) as transparency_max,
        coalesce(sum(score) filter (where group_code = 'timeliness'), 0) as timeliness,
        coalesce(sum(scored_max) filter (where group_code = 'timeliness'), 0) as timeliness_max,
        coalesce(sum(score) filter (where group_code = 'online_service'), 0) as online_service,
        coalesce(sum(scored_max) filter (where group_code = 'online_service'), 0) as online_service_max,
        coalesce(sum(score) filter (where group_code = 'online_payment'), 0) as online_payment,
        coalesce(sum(scored_max) filter (where group_code = 'online_payment'), 0) as online_payment_max,
        coalesce(sum(score) filter (where group_code = 'digitisation'), 0) as digitisation,
        coalesce(sum(scored_max) filter (where group_code = 'digitisation'), 0) as digitisation_max,
        coalesce(sum(score) filter (where group_code = 'satisfaction'), 0) as satisfaction,
        coalesce(sum(scored_max) filter (where group_code = 'satisfaction'), 0) as satisfaction_max,
        coalesce(sum(score), 0) as raw_points,
        coalesce(sum(scored_max), 0) as applicable_max_points,
        100 * raw_points / nullif(applicable_max_points, 0) as total_score,
        coalesce(bool_or(score is not null and criterion_code in (
            select criterion_code
            from seed('ranking_criteria'), period
            where is_valid_on(valid_from, valid_to, last_day)
        )), false) as has_ranking_criterion
    from fct_criterion_score
    group by all
),

ranked as (
    select
        unit_code,
        rank() over (peers order by round(total_score, compared_decimals::integer) desc) as rank,
        count(*) over peers as rank_out_of
    from totalled
    cross join seed('ranking_policy')
    cross join period
    where
        is_valid_on(valid_from, valid_to, last_day)
        and list_contains(string_split(ranked_unit_types, ';'), unit_type)
        and has_ranking_criterion
    window peers as (partition by province_code, unit_type)
)

select
    totalled.* exclude (has_ranking_criterion),
    rank,
    case when rank is not null then rank_out_of end as rank_out_of,
    (
        select arg_max(name_vi, minimum_score::integer)
        from seed('bands'), period
        where
            is_valid_on(valid_from, valid_to, last_day)
            and minimum_score::integer <= round(total_score, 10)
    ) as band
from totalled
left join ranked using (unit_code);

create table mart_dossier_balance as
with judged as (
    select
        *,
        closed_at < period_end as is_closed,
        coalesce(is_closed, false) and is_resolved as is_resolved_by_end,
        received_at < period_start as is_carried_over,
        due_at < period_end as is_overdue
    from fct_dossier, period
    where received_at < period_end and coalesce(period_start <= closed_at, true)
),

counted as (
    select
        unit_code as source_code,
        count(*) filter (where is_carried_over) as carried_over,
        count(*) filter (where not is_carried_over and channel = '2') as received_online,
        count(*) filter (where not is_carried_over and channel = '1') as received_in_person,
        count(*) filter (where not is_carried_over and channel = '3') as received_by_post,
        count(*) filter (
            where is_resolved_by_end and coalesce(closed_at::date < due_at::date, true)
        ) as resolved_early,
        count(*) filter (where is_resolved_by_end and closed_at::date = due_at::date)
            as resolved_on_the_day,
        count(*) filter (where is_resolved_by_end and due_at::date < closed_at::date)
            as resolved_late,
        count(*) filter (where is_closed and state = '7') as withdrawn,
        count(*) filter (where is_closed and state = '8') as stopped,
        count(*) filter (where is_closed is not true and is_overdue is not true) as open_on_time,
        count(*) filter (where is_closed is not true and is_overdue) as open_overdue
    from judged
    group by unit_code
)

select
    period_month,
    dim_unit.unit_code,
    coalesce(sum(columns(counted.* exclude (source_code))), 0)::bigint as '\0'
from period
cross join dim_unit
left join counting on dim_unit.unit_code = counting.unit_code
left join counted on counting.source_code = counted.source_code
group by period_month, dim_unit.unit_code;

-- resolved in the year up to the month's end, by source unit, field and what it lacks
create temp table resolution_flow as
select
    unit_code as source_code,
    field_code,
    period_start <= closed_at as is_of_month,
    coalesce(channel <> '2', true) as not_submitted_online,
    has_fee and coalesce(period_end <= paid_online_at, true) as not_paid_online,
    not has_electronic_result as no_electronic_result,
    is_returned_online_or_by_post is not true as not_returned_online,
    is_without_in_person_step is not true as in_person_step,
    has_electronic_result and coalesce(synced_to_vault_at < period_end, false) as is_in_vault,
    not_submitted_online::integer + not_paid_online::integer + no_electronic_result::integer
    + not_returned_online::integer + in_person_step::integer as lacking,
    count(*) as dossiers
from fct_dossier, period
where is_resolved and year_start <= closed_at and closed_at < period_end
group by all;

create table mart_target_compliance as
with by_unit as (
    select
        basis,
        descendant.unit_code,
        if(grouping(field_code) = 1, '*', coalesce(field_code, '')) as field_code,
        sum(dossiers) as resolved,
        coalesce(sum(dossiers) filter (where lacking = 0), 0) as end_to_end_online,
        coalesce(sum(dossiers) filter (where not no_electronic_result), 0) as with_result,
        coalesce(sum(dossiers) filter (where is_in_vault), 0) as in_vault
    from resolution_flow
    inner join resolution using (source_code)
    inner join descendant on resolution.unit_code = descendant.descendant
    cross join (values ('month'), ('year_to_date')) as bases (basis)
    where basis = 'year_to_date' or is_of_month
    group by basis, descendant.unit_code, grouping sets ((field_code), ())
),

by_metric as (
    select
        basis, 'end_to_end_online' as metric_code, unit_code, field_code,
        end_to_end_online as numerator, resolved as denominator
    from by_unit
    union all
    select basis, 'result_in_vault', unit_code, field_code, in_vault, with_result
    from by_unit
),

field as (
    select '*' as field_code, '*' as field_name
    union
    select field_code, field_name from dim_procedure where field_code is not null
    union
    select field_code, field_name
    from dossier
    where field_code not in (
        select field_code from dim_procedure where field_code is not null
    )
),

target as (
    select metric_code, dim_unit.unit_code, field_code, max(target_rate::decimal(9, 6)) as rate
    from period
    cross join seed('targets') as target
    inner join field
        on
            target.field_name = field.field_name
            or target.field_name <> '*'
            and contains(lower(field.field_name), lower(target.field_name))
    inner join dim_unit
        on
            target.unit_code in ('*', dim_unit.unit_code)
            and target.unit_type in ('*', dim_unit.unit_type)
    where is_valid_on(target.valid_from, target.valid_to, last_day)
    group by all
),

row_key as (
    select basis, metric_code, unit_code, '*' as field_code
    from dim_unit
    cross join (values ('month'), ('year_to_date')) as bases (basis)
    cross join (values ('end_to_end_online'), ('result_in_vault')) as metrics (metric_code)
    union
    select basis, metric_code, unit_code, field_code
    from target
    cross join (values ('month'), ('year_to_date')) as bases (basis)
    union
    select basis, metric_code, unit_code, field_code from by_metric where field_code <> ''
)

select
    period_month,
    row_key.*,
    coalesce(by_metric.numerator, 0)::bigint as numerator,
    coalesce(by_metric.denominator, 0)::bigint as denominator,
    numerator / nullif(denominator, 0) as rate,
    target.rate as target_rate,
    case when denominator > 0 then target.rate * denominator <= numerator end as is_compliant,
    if(target_rate is null, null, greatest(ceil(target_rate * denominator)::bigint - numerator, 0))
        as shortfall
from period
cross join row_key
left join by_metric using (basis, metric_code, unit_code, field_code)
left join target using (metric_code, unit_code, field_code);

create table mart_compliance_cause as
with failed as (
    unpivot (select * from resolution_flow where is_of_month)
    on
        not_submitted_online, not_paid_online, no_electronic_result, not_returned_online,
        in_person_step
    into name cause value is_failed
)

select
    period_month,
    dim_unit.unit_code,
    causes.cause,
    coalesce(sum(dossiers), 0)::bigint as dossiers_failing,
    coalesce(sum(dossiers) filter (where lacking = 1), 0)::bigint as dossiers_failing_only
from period
cross join dim_unit
cross join (select distinct cause from failed) as causes
left join (
    select descendant.unit_code, failed.*
    from failed
    inner join resolution using (source_code)
    inner join descendant on resolution.unit_code = descendant.descendant
    where is_failed
) as counted on dim_unit.unit_code = counted.unit_code and causes.cause = counted.cause
group by all;
