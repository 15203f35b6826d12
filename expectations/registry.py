"""Every suite, by what it is run on."""

from __future__ import annotations

from expectations import (
    deliveries,
    fct_criterion_score,
    fct_measure,
    ledger,
    mart_dossier_balance,
    mart_form_check,
    mart_former_unit_score,
    mart_monthly_score,
    mart_statistical_form,
    mart_target_compliance,
    raw_dossiers,
    raw_national_scores,
    raw_payments,
    raw_petitions,
    raw_procedures,
    raw_ratings,
    raw_units,
)
from expectations.vocabulary import Suite

LEDGER = ledger.SUITE
FEED_SUITES: dict[str, Suite] = {
    "dossiers": raw_dossiers.SUITE,
    "payments": raw_payments.SUITE,
    "petitions": raw_petitions.SUITE,
    "ratings": raw_ratings.SUITE,
    "procedures": raw_procedures.SUITE,
    "units": raw_units.SUITE,
    "national_scores": raw_national_scores.SUITE,
}
MART_SUITES: tuple[Suite, ...] = (
    fct_measure.SUITE,
    fct_criterion_score.SUITE,
    mart_monthly_score.SUITE,
    mart_former_unit_score.SUITE,
    mart_dossier_balance.SUITE,
    mart_target_compliance.SUITE,
    deliveries.VOLUME,
    deliveries.SILENCE,
    deliveries.RATES,
)
FORM_SUITES: tuple[Suite, ...] = (
    mart_statistical_form.SUITE,
    mart_form_check.SUITE,
)
