-- Measures: long, by the unit for which the records count in the month.

create temp table received as
select
    unit_code,
    procedure_code,
    count(*) as dossiers_received,
    count(*) filter (where synced_to_portal_at < period_end) as dossiers_received_synchronised,
    count(*) filter (where is_digitised) as dossiers_received_digitised,
    count(*) filter (where is_reused) as dossiers_received_reusing_data,
    count(*) filter (where uses_population_data) as dossiers_received_using_population_data,
    count(*) filter (where is_online_procedure) as dossiers_received_for_online_procedures,
    count(*) filter (where is_online_procedure and channel = '2')
        as dossiers_received_online_for_online_procedures,
    count(*) filter (where has_fee) as dossiers_received_with_fee,
    count(*) filter (where has_fee and paid_online_at < period_end)
        as dossiers_received_with_fee_paid_online
from fct_dossier, period
where period_start <= received_at and received_at < period_end
group by unit_code, procedure_code;

create temp table resolved as
select
    unit_code,
    count(*) as dossiers_resolved,
    count(*) filter (where is_on_time) as dossiers_resolved_on_time,
    count(*) filter (where has_electronic_result) as dossiers_resolved_with_electronic_result,
    count(*) filter (where is_digitised) as digitised_dossiers_resolved,
    count(*) filter (where is_digitised and synced_to_vault_at < period_end)
        as digitised_dossiers_resolved_in_vault,
    count(*) filter (where is_certified_copy) as certified_copies_resolved,
    count(*) filter (where is_certified_copy and has_electronic_result)
        as certified_copies_resolved_with_electronic_result
from (
    select
        *,
        procedure_code in (
            select procedure_code
            from seed('certified_copy_procedures'), period
            where is_valid_on(valid_from, valid_to, last_day)
        ) as is_certified_copy
    from fct_dossier
)
cross join period
where is_resolved and period_start <= closed_at and closed_at < period_end
group by unit_code;

create temp table petitions as
select
    unit_code,
    count(*) as petitions_to_reply,
    count(*) filter (where is_replied and is_on_time) as petitions_replied_on_time,
    count(*) filter (where is_replied and satisfaction is not null) as petitions_replied_rated,
    count(*) filter (where is_replied and satisfaction in ('RHL', 'HL'))
        as petitions_replied_satisfied
from (
    select
        *,
        coalesce(replied_at < period_end, false) as is_replied,
        coalesce(period_start <= replied_at and replied_at < period_end, false) as is_counted
    from fct_petition, period
)
where
    is_counted
    or not is_replied and period_start <= due_at and due_at < period_end
group by unit_code;

create temp table ratings as
select
    unit_code,
    count(*) as ratings_given,
    count(*) filter (where is_satisfied) as ratings_satisfied
from fct_rating, period
where period_start <= rated_at and rated_at < period_end
group by unit_code;

-- is_whole: in the denominator; is_met: in the measure, which is part of it
create temp table procedures as
select unit_code, procedure_code, unnest([
    {'measure_code': 'procedures_due_for_publication', 'is_whole': to_publish, 'is_met': true},
    {'measure_code': 'procedures_published_on_time', 'is_whole': to_publish,
        'is_met': published_on <= publish_by},
    {'measure_code': 'procedures_due_for_disclosure', 'is_whole': to_disclose, 'is_met': true},
    {'measure_code': 'procedures_disclosed_on_time', 'is_whole': to_disclose,
        'is_met': disclosed_on <= disclose_by},
    {'measure_code': 'procedures_active', 'is_whole': is_active, 'is_met': true},
    {'measure_code': 'procedures_disclosed_in_full', 'is_whole': is_active,
        'is_met': is_disclosed_in_full},
    {'measure_code': 'procedures_offered_online', 'is_whole': is_active, 'is_met': is_online},
    {'measure_code': 'procedures_sharing_population_data', 'is_whole': is_active,
        'is_met': shares_population_data},
    {'measure_code': 'fee_procedures_active', 'is_whole': is_active and has_fee, 'is_met': true},
    {'measure_code': 'fee_procedures_payment_integrated', 'is_whole': is_active and has_fee,
        'is_met': is_payment_integrated}
], recursive := true)
from (
    select
        *,
        publish_by between year_start and last_day as to_publish,
        disclose_by between year_start and last_day as to_disclose
    from dim_procedure, period
);

create table fct_measure as
with received_by_unit as (
    select
        counting.unit_code,
        count(distinct procedure_code) filter (where dossiers_received_for_online_procedures > 0)
            as online_procedures_received,
        count(distinct procedure_code)
            filter (where dossiers_received_online_for_online_procedures > 0)
            as online_procedures_received_online,
        count(distinct procedure_code) filter (where dossiers_received_with_fee > 0)
            as fee_procedures_received,
        count(distinct procedure_code) filter (where dossiers_received_with_fee_paid_online > 0)
            as fee_procedures_received_paid_online,
        sum(columns('^dossiers_'))::bigint as '\0'
    from counting
    inner join received on counting.source_code = received.unit_code
    group by counting.unit_code
),

resolved_by_unit as (
    select counting.unit_code, sum(columns('resolved'))::bigint as '\0'
    from counting
    inner join resolved on counting.source_code = resolved.unit_code
    group by counting.unit_code
),

petitions_by_unit as (
    select counting.unit_code, sum(columns('^petitions_'))::bigint as '\0'
    from counting
    inner join petitions on counting.source_code = petitions.unit_code
    group by counting.unit_code
),

ratings_by_unit as (
    select counting.unit_code, sum(columns('^ratings_'))::bigint as '\0'
    from counting
    inner join ratings on counting.source_code = ratings.unit_code
    group by counting.unit_code
),

-- a unit counts rows; a province counts codes, one where every row meets it
procedures_by_unit as (
    select
        unit_code,
        measure_code,
        sum(if(counts_codes, (met = rows)::integer, met))::bigint as value
    from (
        select
            counting.unit_code,
            counts_codes,
            measure_code,
            procedure_code,
            count(*) as rows,
            count(*) filter (where is_met) as met
        from counting
        inner join procedures on counting.source_code = procedures.unit_code
        where is_whole
        group by all
    )
    group by unit_code, measure_code
),

counted as (
    unpivot received_by_unit on * exclude (unit_code) into name measure_code value value
    union all by name
    unpivot resolved_by_unit on * exclude (unit_code) into name measure_code value value
    union all by name
    unpivot petitions_by_unit on * exclude (unit_code) into name measure_code value value
    union all by name
    unpivot ratings_by_unit on * exclude (unit_code) into name measure_code value value
    union all by name
    select * from procedures_by_unit
)

select
    period_month,
    dim_unit.unit_code,
    measure.measure_code,
    coalesce(counted.value, 0) as value
from period
cross join dim_unit
cross join seed('measures') as measure
left join counted using (unit_code, measure_code);
