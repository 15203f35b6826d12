"""What the pages and dashboards of a province ask the marts, in SQL as a BI tool would send it."""

from __future__ import annotations

QUERIES: dict[str, str] = {
    "the month's ranking": """
        select rank, unit_code, unit_name, total_score, band
        from marts.mart_monthly_score
        where period_month = '2025-08-01' and unit_type = 'commune'
        order by rank nulls last
    """,
    "the province's points by group": """
        select unit_code, transparency, timeliness, online_service, online_payment, digitisation,
            satisfaction, total_score
        from marts.mart_monthly_score
        where period_month = '2025-08-01' and unit_type = 'province'
    """,
    "the province over all months": """
        select period_month, total_score, band
        from marts.mart_monthly_score
        where unit_code = '33'
        order by period_month
    """,
    "a commune over all months": """
        select period_month, total_score, rank, rank_out_of
        from marts.mart_monthly_score
        where unit_code = '12322'
        order by period_month
    """,
    "who rose and who fell": """
        select unit_code, unit_name, previous_rank - rank as places
        from marts.mart_monthly_score
        where period_month = '2025-08-01' and rank is not null
        order by abs(previous_rank - rank) desc nulls last
        limit 20
    """,
    "units by band, by month": """
        select period_month, band, count(*)
        from marts.mart_monthly_score
        group by period_month, band
        order by period_month
    """,
    "a unit's criteria": """
        select criterion_code, numerator, denominator, rate, score, max_points
        from marts.fct_criterion_score
        where period_month = '2025-08-01' and unit_code = '33'
        order by criterion_code
    """,
    "a criterion across the units": """
        select unit_code, rate, score
        from marts.fct_criterion_score
        where period_month = '2025-08-01' and criterion_code = '05'
        order by rate
    """,
    "a criterion over all months": """
        select period_month, numerator, denominator, rate
        from marts.fct_criterion_score
        where unit_code = '33' and criterion_code = '05'
        order by period_month
    """,
    "where the most points are lost": """
        select criterion_code, sum(max_points - score) as lost
        from marts.fct_criterion_score
        where period_month = '2025-08-01' and status = 'scored'
        group by criterion_code
        order by lost desc
    """,
    "a unit's measures": """
        select measure_code, value
        from marts.fct_measure
        where period_month = '2025-08-01' and unit_code = '33'
    """,
    "dossiers received by month": """
        select period_month, value
        from marts.fct_measure
        where unit_code = '33' and measure_code = 'dossiers_received'
        order by period_month
    """,
    "the balance of all units": """
        select balance.*, unit.unit_name
        from marts.mart_dossier_balance as balance
        inner join marts.mart_release_unit as unit using (period_month, unit_code)
        where balance.period_month = '2025-08-01'
    """,
    "overdue by month": """
        select period_month, open_overdue, open_on_time
        from marts.mart_dossier_balance
        where unit_code = '33'
        order by period_month
    """,
    "compliance with the targets": """
        select unit_code, field_code, rate, target_rate, shortfall
        from marts.mart_target_compliance
        where period_month = '2025-08-01' and basis = 'year_to_date'
            and metric_code = 'end_to_end_online' and not is_compliant
        order by shortfall desc
    """,
    "why dossiers are not end to end online": """
        select cause, sum(dossiers_failing) as failing, sum(dossiers_failing_only) as only
        from marts.mart_compliance_cause
        where period_month = '2025-08-01' and unit_code = '33'
        group by cause
    """,
    "a commune's dossiers of a month": """
        select dossier_id, procedure_code, state, due_at, closed_at, timeliness
        from marts.fct_dossier
        where received_month = '2025-08-01' and unit_code = '12322'
        order by received_at
        limit 100
    """,
    "a commune's late resolutions": """
        select procedure_code, count(*) as late
        from marts.fct_dossier
        where resolved_month = '2025-08-01' and unit_code = '12322' and timeliness = 'late'
        group by procedure_code
        order by late desc
    """,
    "a dossier": """
        select *
        from marts.fct_dossier
        where dossier_id = (
            select dossier_id from marts.fct_dossier
            where received_month = '2025-08-01' and unit_code = '12322'
            limit 1
        )
    """,
    "a quarter's statistical form": """
        select row_code, label_vi, printed_value
        from marts.mart_statistical_form
        where period = '2025Q3' and province_code = '33'
        order by position
    """,
}
