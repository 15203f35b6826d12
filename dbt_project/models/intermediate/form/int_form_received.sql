{{ form_model_config() }}
{%- set sums = {
    'dossiers_received': ('dossiers_received', 'true'),
    'dossiers_received_full_service': ('dossiers_received', 'online_level = 4'),
    'dossiers_received_online_full_service': ('dossiers_received_online', 'online_level = 4'),
    'dossiers_received_partial_service': ('dossiers_received', 'online_level = 3'),
    'dossiers_received_online_partial_service': ('dossiers_received_online', 'online_level = 3'),
} %}

with form_period as (
    {{ form_periods_to_count() }}
),

-- by source unit and procedure: whole months as they are counted already, a month that a reporting
-- cut-off cuts from its dossiers
form_month as (
    select distinct
        month.period_month,
        form_period.period_end,
        form_period.period_end < month.period_end as is_cut
    from form_period
    inner join {{ ref('int_period') }} as month
        on
            form_period.first_month <= month.period_month
            and month.period_start < form_period.period_end
),

received as (
    select
        form_month.period_month,
        form_month.period_end,
        counted.unit_code,
        counted.procedure_code,
        counted.procedure_unit_code,
        counted.dossiers_received,
        counted.dossiers_received_online
    from form_month
    inner join {{ ref('int_measure__procedures_received') }} as counted
        on form_month.period_month = counted.period_month
    where not form_month.is_cut

    union all

    select
        form_month.period_month,
        form_month.period_end,
        dossier.unit_code,
        dossier.procedure_code,
        dossier.procedure_unit_code,
        count(*) as dossiers_received,
        count(*) filter (where dossier.channel = 'online') as dossiers_received_online
    from form_month
    inner join {{ ref('fct_dossier') }} as dossier
        on
            form_month.period_month = dossier.received_month
            and dossier.received_at < form_month.period_end
    where form_month.is_cut
    group by
        form_month.period_month,
        form_month.period_end,
        dossier.unit_code,
        dossier.procedure_code,
        dossier.procedure_unit_code
),

-- materialised, and so in no order that a merge join would begin with, of two of its three keys
by_procedure_row as materialized (
    select
        form_period.period,
        form_period.province_code,
        form_period.last_day,
        received.procedure_code,
        received.procedure_unit_code,
        sum(received.dossiers_received) as dossiers_received,
        sum(received.dossiers_received_online) as dossiers_received_online
    from form_period
    inner join received
        on
            form_period.period_end = received.period_end
            and form_period.first_month <= received.period_month
    inner join {{ ref('int_unit_resolution') }} as resolution
        on
            form_period.last_month = resolution.period_month
            and form_period.province_code = resolution.province_code
            and received.unit_code = resolution.source_unit_code
    group by
        form_period.period,
        form_period.province_code,
        form_period.last_day,
        received.procedure_code,
        received.procedure_unit_code
),

-- a dossier has the level of its own procedure row, active or not; a code the highest of its
-- active rows
levelled as (
    select
        received.period,
        received.province_code,
        received.procedure_code,
        received.dossiers_received,
        received.dossiers_received_online,
        own_row.online_level,
        procedure.online_level in (3, 4) as is_online_code
    from by_procedure_row as received
    left join {{ ref('int_procedure_version') }} as own_row
        on
            received.procedure_code = own_row.procedure_code
            and received.procedure_unit_code = own_row.unit_code
            and {{ describes_on('own_row', 'received.last_day') }}
    left join {{ ref('int_form_procedure') }} as procedure
        on
            received.period = procedure.period
            and received.province_code = procedure.province_code
            and received.procedure_code = procedure.procedure_code
)

select
    form_period.period,
    form_period.province_code,
    form_period.period_end,
    form_period.last_month,
    {% for figure, (counted, condition) in sums.items() -%}
        coalesce(
            sum(levelled.{{ counted }}) filter (where {{ condition }}), 0
        )::bigint as {{ figure }},
    {% endfor -%}
    count(distinct levelled.procedure_code) filter (
        where levelled.is_online_code
    ) as online_procedures_received,
    count(distinct levelled.procedure_code) filter (
        where levelled.is_online_code and levelled.dossiers_received_online > 0
    ) as online_procedures_received_online
from form_period
left join levelled
    on
        form_period.period = levelled.period
        and form_period.province_code = levelled.province_code
group by
    form_period.period,
    form_period.province_code,
    form_period.period_end,
    form_period.last_month
