"""Payments of a batch. They may arrive before their dossier, so that is not checked here."""

from __future__ import annotations

from expectations.shared import WARN_SHARE, version_is_past
from expectations.vocabulary import Suite, holds, in_set, not_null

SUITE = Suite(
    name="raw_payments",
    relation="raw.payments",
    scope_column="batch_id",
    checks=(
        holds(
            "key_is_not_blank",
            "payment_id <> ''",
            "Payments with a blank key would fall together into one.",
        ),
        version_is_past(),
        not_null("dossier_id", "Required: a payment of no dossier counts for nobody."),
        not_null("status", "Required: the status says whether the money was taken."),
        in_set(
            "status",
            ("Đã thanh toán", "Đã hoàn phí", "Hủy thanh toán", "Chờ thanh toán", "Chưa thanh toán"),
            "Five states in the source contract; another one is neither paid nor unpaid.",
        ),
        in_set(
            "method",
            ("truc-tuyen", "tien-mat", "chuyen-khoan"),
            "Only `truc-tuyen` is an online payment (criteria 09 and 11); a new spelling of it "
            "would count as not online.",
        ),
        holds(
            "payment_time_is_present",
            "status is null or status <> 'Đã thanh toán' or paid_at is not null",
            "Paid before the end of the month cannot be said without a time.",
        ),
        holds(
            "amount_is_not_negative",
            "amount is null or amount >= 0",
            "A refund is a new version of the payment, not a negative amount.",
        ),
        holds(
            "amount_is_present",
            "status is null or status <> 'Đã thanh toán' or amount is not null",
            "No measure reads the amount; paid without one is worth asking about.",
            severity="warn",
            mostly=WARN_SHARE,
        ),
        holds(
            "platform_payment_is_not_cash",
            "is_via_national_platform is not true or method is distinct from 'tien-mat'",
            "Cash through the national payment platform contradicts itself; it counts as not "
            "online.",
            severity="warn",
        ),
        holds(
            "dates_precede_version",
            "paid_at is null or paid_at <= version_at",
            "A payment later than its version is a mistake of entry that the contract lets pass.",
            severity="warn",
            mostly=WARN_SHARE,
        ),
    ),
)
