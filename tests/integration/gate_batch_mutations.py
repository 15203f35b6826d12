"""For every check of the batch suites, a change to good data that breaks it and nothing else."""

from __future__ import annotations

LEDGER = {
    # What the gate finds anew when it is run; here the suite stands alone.
    "no_key_is_gone": """
        update ops.batch set key_drift = '{"removed": ["MaHoSo"]}' where batch_id = 3""",
    "no_key_is_retyped": """
        update ops.batch set key_drift = '{"retyped": ["MaHoSo (string → number)"]}'
        where batch_id = 3""",
    "no_key_is_new": """
        update ops.batch set key_drift = '{"added": ["GhiChu"]}' where batch_id = 3""",
    "loaded_rows_are_there": "delete from raw.ratings where rating_id = 'D3'",
    "quarantined_rows_are_there": "delete from quarantine.record",
    "source_total_is_reached": "update ops.batch set source_total = 11 where batch_id = 5",
    "keys_are_within_delivered": """
        update ops.batch set distinct_keys = 33, source_total = 33 where batch_id = 3""",
    "versions_are_unambiguous": """
        update ops.batch set warnings = '{"equal_version_differs": 1}' where batch_id = 3""",
    "window_lies_in_the_past": """
        update ops.batch set window_to = landed_at + interval '1 second' where batch_id = 4""",
    # 20 of 51 records: far above 5 %, so above 1 % as well.
    "rejected_share_is_tolerable": """
        update ops.batch set quarantined = 20, delivered = delivered + 19 where batch_id = 3;
        insert into quarantine.record (feed, batch_id, landed_file, landed_line, landed_at, rule,
            reason, is_retryable, body)
        select feed, batch_id, landed_file, landed_line + n, landed_at, rule, reason, false, body
        from quarantine.record cross join generate_series(1, 19) as n""",
    "rejected_share_is_small": """
        update ops.batch set quarantined = 5, delivered = delivered + 4 where batch_id = 3;
        insert into quarantine.record (feed, batch_id, landed_file, landed_line, landed_at, rule,
            reason, is_retryable, body)
        select feed, batch_id, landed_file, landed_line + n, landed_at, rule, reason, false, body
        from quarantine.record cross join generate_series(1, 4) as n""",
    "waiting_share_is_small": """
        update ops.batch set quarantined = 31, delivered = delivered + 30 where batch_id = 3;
        insert into quarantine.record (feed, batch_id, landed_file, landed_line, landed_at, rule,
            reason, is_retryable, body)
        select feed, batch_id, landed_file, landed_line + n, landed_at, rule, reason, true, body
        from quarantine.record cross join generate_series(1, 30) as n""",
    "snapshot_keeps_its_keys": """
        insert into raw.procedures (procedure_code, unit_code, version_at, is_removed, batch_id,
            landed_at, landed_file, landed_line, content_hash)
        select '2.' || n, 'X1', landed_at, true, 2, landed_at, landed_path, 0, md5('')::uuid
        from ops.batch cross join generate_series(1, 50) as n where batch_id = 2""",
}

DOSSIERS = {
    "key_is_not_blank": "update raw.dossiers set dossier_id = '' where dossier_id = 'H1'",
    "version_is_past": """
        update raw.dossiers set version_at = '2999-01-01' where dossier_id = 'H1'""",
    "unit_is_known": "update raw.dossiers set unit_code = 'X9' where dossier_id = 'H1'",
    "procedure_is_known": "update raw.dossiers set procedure_code = '9.9' where dossier_id = 'H1'",
    "unit_code_is_present": "update raw.dossiers set unit_code = null where dossier_id = 'H1'",
    "procedure_code_is_present": """
        update raw.dossiers set procedure_code = null where dossier_id = 'H1'""",
    "state_is_present": "update raw.dossiers set state = null where dossier_id = 'H1'",
    "channel_is_present": "update raw.dossiers set channel = null where dossier_id = 'H1'",
    "received_at_is_present": "update raw.dossiers set received_at = null where dossier_id = 'H1'",
    "state_is_allowed": "update raw.dossiers set state = 11 where dossier_id = 'H11'",
    "channel_is_allowed": "update raw.dossiers set channel = 4 where dossier_id = 'H1'",
    "applicant_kind_is_allowed": """
        update raw.dossiers set applicant_kind = 5 where dossier_id = 'H1'""",
    "return_method_is_allowed": "update raw.dossiers set return_method = 3 where dossier_id = 'H1'",
    "portal_payment_flag_is_allowed": """
        update raw.dossiers set portal_payment_flag = 2 where dossier_id = 'H1'""",
    "closing_time_is_present": """
        update raw.dossiers set finished_at = null where dossier_id = 'H1'""",
    "closing_follows_reception": """
        update raw.dossiers set finished_at = received_at - interval '1 second'
        where dossier_id = 'H1'""",
    "procedure_code_is_cut": """
        update raw.procedures set procedure_code = '1.002.000' where procedure_code = '1.002';
        update raw.dossiers set procedure_code = '1.002.000' where procedure_code = '1.002'""",
    "fee_due_is_in_range": "update raw.dossiers set fee_due = -1 where dossier_id = 'H1'",
    "document_count_is_in_range": """
        update raw.dossiers set document_count = -1, reused_document_count = 0
        where dossier_id = 'H1'""",
    "supplement_count_is_in_range": """
        update raw.dossiers set supplement_count = -1 where dossier_id = 'H1'""",
    "reuse_is_within_documents": """
        update raw.dossiers set reused_document_count = 4 where dossier_id = 'H1'""",
    "electronic_results_are_within_results": """
        update raw.dossiers set electronic_result_count = 3 where dossier_id = 'H1'""",
    "fee_is_whole": "update raw.dossiers set fee_due = 1.5 where dossier_id = 'H1'",
    "due_follows_reception": """
        update raw.dossiers set due_at = received_at - interval '1 day' where dossier_id = 'H1'""",
    "dates_precede_version": """
        update raw.dossiers set synced_to_vault_at = version_at + interval '1 second'
        where dossier_id = 'H1'""",
    "due_date_is_present": """
        update raw.dossiers set due_at = null where dossier_id in ('H1', 'H2', 'H3', 'H4')""",
    "withdrawal_has_its_time": """
        update raw.dossiers set finished_at = null where dossier_id = 'H21'""",
    "reception_year_is_plausible": """
        update raw.dossiers set received_at = '2014-12-31 23:59:59+07' where dossier_id = 'H1'""",
}

PAYMENTS = {
    "key_is_not_blank": "update raw.payments set payment_id = '' where payment_id = 'T1'",
    "version_is_past": """
        update raw.payments set version_at = '2999-01-01' where payment_id = 'T1'""",
    "dossier_id_is_present": "update raw.payments set dossier_id = null where payment_id = 'T1'",
    "status_is_present": "update raw.payments set status = null where payment_id = 'T1'",
    "status_is_allowed": "update raw.payments set status = 'paid' where payment_id = 'T1'",
    "method_is_allowed": "update raw.payments set method = 'online' where payment_id = 'T1'",
    "payment_time_is_present": "update raw.payments set paid_at = null where payment_id = 'T1'",
    "amount_is_not_negative": "update raw.payments set amount = -1 where payment_id = 'T1'",
    "amount_is_present": "update raw.payments set amount = null where payment_id = 'T1'",
    "platform_payment_is_not_cash": """
        update raw.payments set method = 'tien-mat' where payment_id = 'T3'""",
    "dates_precede_version": """
        update raw.payments set paid_at = version_at + interval '1 s' where payment_id = 'T1'""",
}

PETITIONS = {
    "key_is_not_blank": "update raw.petitions set petition_id = '' where petition_id = 'K1'",
    "version_is_past": """
        update raw.petitions set version_at = '2999-01-01' where petition_id = 'K1'""",
    "unit_is_known": "update raw.petitions set unit_code = 'X9' where petition_id = 'K1'",
    "unit_code_is_present": "update raw.petitions set unit_code = null where petition_id = 'K1'",
    "received_at_is_present": """
        update raw.petitions set received_at = null where petition_id = 'K1'""",
    "state_is_present": "update raw.petitions set state = null where petition_id = 'K1'",
    "state_is_allowed": "update raw.petitions set state = 5 where petition_id = 'K1'",
    "kind_is_allowed": "update raw.petitions set kind = 3 where petition_id = 'K1'",
    "satisfaction_is_allowed": """
        update raw.petitions set satisfaction = 'OK' where petition_id = 'K1'""",
    "reply_follows_reception": """
        update raw.petitions set replied_at = received_at - interval '1 s'
        where petition_id = 'K1'""",
    "reply_time_is_present": "update raw.petitions set replied_at = null where petition_id = 'K6'",
    "satisfaction_follows_reply": """
        update raw.petitions set satisfaction = 'HL' where petition_id = 'K7'""",
    "due_follows_reception": """
        update raw.petitions set reply_due_at = received_at - interval '1 s'
        where petition_id = 'K1'""",
}

RATINGS = {
    "key_is_not_blank": "update raw.ratings set rating_id = '' where rating_id = 'D1'",
    "version_is_past": "update raw.ratings set version_at = '2999-01-01' where rating_id = 'D1'",
    "unit_is_known": "update raw.ratings set unit_code = 'X9' where rating_id = 'D1'",
    "unit_code_is_present": "update raw.ratings set unit_code = null where rating_id = 'D1'",
    "rated_at_is_present": "update raw.ratings set rated_at = null where rating_id = 'D1'",
    "satisfaction_is_present": "update raw.ratings set satisfaction = null where rating_id = 'D1'",
    "satisfaction_is_allowed": "update raw.ratings set satisfaction = 'OK' where rating_id = 'D1'",
    "dates_precede_version": """
        update raw.ratings set rated_at = version_at + interval '1 s' where rating_id = 'D1'""",
}

PROCEDURES = {
    "key_is_not_blank": """
        update raw.procedures set procedure_code = '' where procedure_code = '1.001'""",
    "version_is_past": """
        update raw.procedures set version_at = '2999-01-01' where procedure_code = '1.001'""",
    "unit_is_known": "update raw.procedures set unit_code = 'X9' where procedure_code = '1.001'",
    "procedure_code_is_cut": """
        update raw.procedures set procedure_code = '1.001.000' where procedure_code = '1.001'""",
    "online_level_is_present": """
        update raw.procedures set online_level = null where procedure_code = '1.001'""",
    "online_level_is_allowed": """
        update raw.procedures set online_level = 1 where procedure_code = '1.001'""",
    "government_level_is_allowed": """
        update raw.procedures set government_level = 'huyen' where procedure_code = '1.001'""",
    "validity_is_ordered": """
        update raw.procedures set effective_to = '2019-12-31' where procedure_code = '1.001'""",
    "name_is_present": """
        update raw.procedures set procedure_name = null where procedure_code = '1.001'""",
    "fee_flag_is_present": """
        update raw.procedures set has_fee = null where procedure_code = '1.001'""",
}

UNITS = {
    "key_is_not_blank": "update raw.units set unit_code = '' where unit_name = 'Xã ba'",
    "version_is_past": "update raw.units set version_at = '2999-01-01' where unit_code = 'P1'",
    "unit_type_is_present": "update raw.units set unit_type = null where unit_code = 'X1'",
    "unit_type_is_allowed": "update raw.units set unit_type = 'xa' where unit_code = 'X1'",
    "province_code_is_present": "update raw.units set province_code = null where unit_code = 'X1'",
    "unit_name_is_present": "update raw.units set unit_name = null where unit_code = 'X1'",
    "validity_is_ordered": "update raw.units set valid_to = '2003-12-31' where unit_code = 'X1'",
    "validity_does_not_overlap": """
        update raw.units set valid_to = '2025-07-01' where unit_name = 'Xã hai'""",
    "parent_is_known": "update raw.units set parent_unit_code = 'X9' where unit_code = 'X1'",
    "successors_are_known": """
        update raw.units set successor_unit_codes = '{X1,X9}' where unit_name = 'Xã hai'""",
}

NATIONAL_SCORES = {
    "key_is_not_blank": "update raw.national_scores set province_code = '' where rank = 3",
    "version_is_past": "update raw.national_scores set version_at = '2999-01-01' where rank = 3",
    "month_is_its_first_day": "update raw.national_scores set period_month = '2025-03-02'",
    "rank_is_in_range": "update raw.national_scores set rank = 0 where rank = 3",
    # The total stays what the groups add up to.
    "points_are_possible": """
        update raw.national_scores set ckmb = -1, tdgq = tdgq + ckmb + 1 where rank = 3""",
    "rank_is_within_the_table": "update raw.national_scores set rank = 4 where rank = 3",
    "provinces_are_all_there": """
        update ops.batch set warnings = '{"provinces_missing": 1}' where batch_id = 8""",
    "groups_make_the_total": """
        update raw.national_scores set tong_score = tong_score + 0.31 where rank = 3""",
}

BATCH_MUTATIONS = {
    "ledger": LEDGER,
    "raw_dossiers": DOSSIERS,
    "raw_payments": PAYMENTS,
    "raw_petitions": PETITIONS,
    "raw_ratings": RATINGS,
    "raw_procedures": PROCEDURES,
    "raw_units": UNITS,
    "raw_national_scores": NATIONAL_SCORES,
}
