"""For every check of the mart suites, a change to good marts that breaks it and nothing else."""

from __future__ import annotations

# A commune in March and one of its criteria.
_X3 = "period_month = '2025-03-01' and unit_code = 'X3'"
_X3_05 = f"{_X3} and criterion_code = '05'"

FCT_MEASURE = {
    "every_month_has_rows": "delete from marts.fct_measure where period_month = '2025-02-01'",
    "key_is_unique": f"insert into marts.fct_measure select * from marts.fct_measure where {_X3}",
    "key_is_complete": f"update marts.fct_measure set measure_code = null where {_X3}",
    "value_is_present": f"update marts.fct_measure set value = null where {_X3}",
    "value_is_in_range": f"update marts.fct_measure set value = -1 where {_X3}",
    "unit_is_scored": f"delete from marts.mart_monthly_score where {_X3}",
}

FCT_CRITERION_SCORE = {
    "every_month_has_rows": """
        delete from marts.fct_criterion_score where period_month = '2025-02-01'""",
    "key_is_unique": f"""
        update marts.fct_criterion_score set criterion_code = '06' where {_X3}
        and criterion_code = '01'""",
    "key_is_complete": f"update marts.fct_criterion_score set province_code = null where {_X3}",
    "unit_type_is_allowed": f"update marts.fct_criterion_score set unit_type = 'xa' where {_X3}",
    "group_code_is_allowed": f"update marts.fct_criterion_score set group_code = 'x' where {_X3}",
    "status_is_allowed": f"""
        update marts.fct_criterion_score set status = 'na' where {_X3} and score is null""",
    "numerator_is_within_denominator": f"""
        update marts.fct_criterion_score set numerator = 6, rate = 1.2 where {_X3_05}""",
    "rate_is_the_quotient": f"""
        update marts.fct_criterion_score set numerator = 4 where {_X3_05}""",
    "score_is_within_maximum": f"""
        update marts.fct_criterion_score set score = 20.00000000001 where {_X3_05}""",
    "status_agrees_with_score": f"""
        update marts.fct_criterion_score set score = null where {_X3_05}""",
    "scored_has_a_denominator": f"""
        update marts.fct_criterion_score set numerator = 0, denominator = 0, rate = null
        where {_X3_05}""",
    "score_follows_rate": f"""
        update marts.fct_criterion_score set score = score / 2 where {_X3_05}""",
    "maxima_add_up": f"""
        update marts.fct_criterion_score set max_points = 7
        where {_X3} and criterion_code = '01'""",
    "every_criterion_is_there": f"""
        delete from marts.fct_criterion_score where {_X3} and criterion_code = '01';
        update marts.fct_criterion_score set max_points = 10 where {_X3}
        and criterion_code = '02'""",
}

MART_MONTHLY_SCORE = {
    "every_month_has_rows": """
        delete from marts.mart_monthly_score where period_month = '2025-02-01'""",
    "key_is_unique": """
        insert into marts.mart_monthly_score select * from marts.mart_monthly_score
        where period_month = '2025-03-01' and unit_code = 'P1'""",
    "key_is_complete": """
        update marts.mart_monthly_score set province_code = null where unit_code = 'P1'""",
    "unit_type_is_allowed": """
        update marts.mart_monthly_score set unit_type = 'tinh' where unit_code = 'P1'""",
    "total_score_is_in_range": """
        update marts.mart_monthly_score set total_score = 100.1 where unit_code = 'P1'""",
    "total_is_points_over_maximum": """
        update marts.mart_monthly_score set total_score = total_score + 0.001
        where unit_code = 'P1'""",
    "points_are_within_maximum": """
        update marts.mart_monthly_score set (timeliness, satisfaction) =
            (timeliness + 1, satisfaction - 1) where unit_code = 'P1'""",
    "groups_add_up": """
        update marts.mart_monthly_score set satisfaction = satisfaction - 1
        where unit_code = 'P1'""",
    "points_are_those_of_the_criteria": """
        update marts.fct_criterion_score set score = score - 1
        where unit_code = 'P1' and criterion_code = '05'""",
    "every_criterion_is_there": f"""
        delete from marts.fct_criterion_score where {_X3} and criterion_code = '01'""",
    "band_stands_beside_total": f"update marts.mart_monthly_score set band = null where {_X3}",
    "rank_is_within_peers": f"""
        update marts.mart_monthly_score set rank_out_of = 2 where {_X3}""",
    "rank_follows_total": """
        update marts.mart_monthly_score set rank = 3 - rank where unit_type = 'department'""",
    "ranks_leave_no_gap": f"update marts.mart_monthly_score set rank = 2 where {_X3}",
    "rank_out_of_counts_the_ranked": """
        update marts.mart_monthly_score set rank_out_of = 9 where unit_type = 'commune'""",
    "only_peers_are_ranked": """
        update marts.mart_monthly_score set rank = 1, rank_out_of = 1
        where unit_type = 'vertical_agency'""",
}

MART_FORMER_UNIT_SCORE = {
    "key_is_unique": f"""
        insert into marts.mart_former_unit_score select * from marts.mart_former_unit_score
        where {_X3}""",
    "key_is_complete": f"update marts.mart_former_unit_score set unit_code = null where {_X3}",
    "unit_type_is_allowed": """
        update marts.mart_former_unit_score set unit_type = 'commune', rank = null
        where unit_code = 'X3'""",
    "total_score_is_in_range": f"""
        update marts.mart_former_unit_score set total_score = 101 where {_X3}""",
    "groups_add_up": f"""
        update marts.mart_former_unit_score set timeliness = timeliness - 1 where {_X3}""",
    "total_is_points_over_maximum": f"""
        update marts.mart_former_unit_score set total_score = total_score / 2 where {_X3}""",
    "only_districts_are_ranked": """
        update marts.mart_former_unit_score set rank = 1, rank_out_of = 1
        where unit_type = 'province'""",
}

MART_DOSSIER_BALANCE = {
    "every_month_has_rows": """
        delete from marts.mart_dossier_balance where period_month = '2025-02-01'""",
    "key_is_unique": """
        insert into marts.mart_dossier_balance select * from marts.mart_dossier_balance
        where period_month = '2025-03-01' and unit_code = 'P1'""",
    "key_is_complete": """
        update marts.mart_dossier_balance set unit_code = null where unit_code = 'N1'""",
    "counts_are_not_negative": f"""
        update marts.mart_dossier_balance set resolved_late = -1, stopped = 1 where {_X3}""",
    "counts_are_present": f"""
        update marts.mart_dossier_balance set received_by_post = null where {_X3}""",
    "balance_closes": f"update marts.mart_dossier_balance set stopped = 1 where {_X3}",
    "unit_is_scored": f"delete from marts.mart_monthly_score where {_X3}",
    "province_covers_its_units": """
        update marts.mart_dossier_balance set received_online = 5, stopped = 5,
            received_in_person = 0, received_by_post = 0, resolved_early = 0,
            resolved_on_the_day = 0, withdrawn = 0
        where unit_code = 'P1'""",
    "open_is_carried_over": f"""
        update marts.mart_dossier_balance set carried_over = carried_over + 1,
            received_online = received_online - 1 where {_X3}""",
}

MART_TARGET_COMPLIANCE = {
    "every_month_has_rows": """
        delete from marts.mart_target_compliance where period_month = '2025-02-01'""",
    "key_is_unique": f"""
        insert into marts.mart_target_compliance select * from marts.mart_target_compliance
        where {_X3}""",
    "key_is_complete": f"update marts.mart_target_compliance set field_code = null where {_X3}",
    "basis_is_allowed": f"""
        update marts.mart_target_compliance set basis = 'year' where {_X3} and basis = 'month'""",
    "metric_code_is_allowed": f"""
        update marts.mart_target_compliance set metric_code = 'x' where {_X3}
        and metric_code = 'result_in_vault'""",
    "numerator_is_within_denominator": """
        update marts.mart_target_compliance set numerator = 11, rate = 1.1
        where unit_code = 'S1'""",
    "rate_is_the_quotient": f"update marts.mart_target_compliance set rate = 0.61 where {_X3}",
    "rate_is_null_without_denominator": """
        update marts.mart_target_compliance set rate = 0 where unit_code = 'N1'""",
    "target_is_a_share": """
        update marts.mart_target_compliance set target_rate = 70, is_compliant = false,
            shortfall = 70 * denominator - numerator where unit_code = 'S2'""",
    "compliance_follows_rate": f"""
        update marts.mart_target_compliance set is_compliant = true where {_X3}""",
    "shortfall_closes_the_gap": f"""
        update marts.mart_target_compliance set shortfall = shortfall + 1 where {_X3}""",
}

DELIVERY_VOLUME = {
    "day_is_not_too_small": """
        update intermediate.int_delivery_volume set is_too_small = true
        where delivered_on is not null""",
    "month_is_not_too_small": """
        update intermediate.int_delivery_volume set is_too_small = true
        where delivered_on is null""",
    "every_working_day_is_judged": """
        update intermediate.int_delivery_volume set days_not_judged = 1
        where delivered_on is null""",
}

UNIT_SILENCE = {
    "no_unit_fell_silent": "update intermediate.int_unit_silence set is_alarm = true",
    "year_is_in_the_calendar": "delete from intermediate.int_known_year",
}

# X1 has 30 in a denominator, P1 90; from 30 on a rate is compared with the month before.
RATE_MOVES = {
    "province_rates_are_steady": """
        update marts.fct_criterion_score set rate = 0.4
        where period_month = '2025-03-01' and unit_code = 'P1' and criterion_code = '07'""",
    "unit_rates_are_steady": """
        update marts.fct_criterion_score set rate = 0.4
        where period_month = '2025-03-01' and unit_code = 'X1' and criterion_code = '07'""",
}

MART_MUTATIONS = {
    "fct_measure": FCT_MEASURE,
    "fct_criterion_score": FCT_CRITERION_SCORE,
    "mart_monthly_score": MART_MONTHLY_SCORE,
    "mart_former_unit_score": MART_FORMER_UNIT_SCORE,
    "mart_dossier_balance": MART_DOSSIER_BALANCE,
    "mart_target_compliance": MART_TARGET_COMPLIANCE,
    "delivery_volume": DELIVERY_VOLUME,
    "unit_silence": UNIT_SILENCE,
    "rate_moves": RATE_MOVES,
}
