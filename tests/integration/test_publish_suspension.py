"""A release, or a criterion in it, whose publication is suspended."""

from __future__ import annotations

import psycopg
import pytest

from service_index.publishing.edition import editions
from service_index.publishing.state import PublishingRefusedError
from service_index.publishing.suspension import SuspensionError, resume, suspend
from tests.integration.publish_marts import (
    AFTER_MARCH,
    IN_MARCH,
    finish_transform,
    publish,
    resolve_late,
)


def status(connection: psycopg.Connection) -> tuple[str, ...]:
    found = connection.execute(
        "select release_id, status from published.current_release"
    ).fetchall()
    connection.commit()
    return found[0]


def test_a_suspended_release_stays_what_it_is_until_it_is_resumed(march) -> None:
    publish(march)
    rows = march.execute("select count(*) from published.monthly_score").fetchone()
    march.commit()
    suspend(march, "2025-03.r1", "số liệu đang được rà soát")
    assert status(march) == ("2025-03.r1", "suspended")
    assert publish(march).status == "suspended", "the same numbers do not end a suspension"
    assert march.execute("select count(*) from published.monthly_score").fetchone() == rows
    march.commit()
    assert resume(march, "2025-03.r1") == "final"
    assert status(march) == ("2025-03.r1", "final")
    log = march.execute(
        "select status, because from published.release_status order by status_id"
    ).fetchall()
    assert log == [("final", None), ("suspended", "số liệu đang được rà soát"), ("final", None)]


def test_other_numbers_replace_a_suspended_release_only_for_a_named_reason(march) -> None:
    publish(march)
    suspend(march, "2025-03.r1", "sai sót")
    resolve_late(march, "H31.005", 6)
    with pytest.raises(PublishingRefusedError, match="is suspended, and other numbers"):
        publish(march)
    assert publish(march, reason="our_error").status == "revised"
    assert status(march) == ("2025-03.r2", "revised")


@pytest.mark.parametrize(
    ("act", "message"),
    [
        (lambda c: suspend(c, "2025-04.r1", "x"), "there is no release 2025-04.r1"),
        (lambda c: suspend(c, "2025-03.r1", "  "), "say why"),
        (lambda c: resume(c, "2025-03.r1"), "is not suspended"),
        (lambda c: [suspend(c, "2025-03.r1", "x") for _ in "12"], "is suspended already"),
    ],
)
def test_what_cannot_be_done_is_refused_in_one_line(march, act, message) -> None:
    publish(march)
    with pytest.raises(SuspensionError, match=message):
        act(march)


def test_an_edition_for_each_stamp_that_documents_are_written_under(march) -> None:
    finish_transform(march, IN_MARCH)
    publish(march)
    suspend(march, "2025-03.r1", "chờ xác minh")
    resume(march, "2025-03.r1")
    finish_transform(march, AFTER_MARCH)
    publish(march)
    suspend(march, "2025-03.r1", "chờ xác minh")
    resume(march, "2025-03.r1")
    found = editions(march, "2025-03.r1")
    assert [(e.stamp, e.status, e.folder_name) for e in found] == [
        (1, "provisional", "r1"),
        (2, "final", "r1-final"),
    ]
    assert [e.data_cutoff for e in found] == [IN_MARCH, AFTER_MARCH]
    assert {e.province_name for e in found} == {"Tỉnh Hưng Yên"}


def test_a_suspended_criterion_has_its_row_and_no_number(march) -> None:
    publish(march)
    march.execute("drop view marts.mart_release_criterion_score")
    march.execute(
        """
        create view marts.mart_release_criterion_score as
        select
            period_month, province_code, unit_code, unit_type, criterion_code, group_code,
            catalogue_version, nullif(numerator, numerator) as numerator,
            nullif(denominator, denominator) as denominator, nullif(rate, rate) as rate,
            max_points, nullif(score, score) as score, 'suspended' as status
        from marts.fct_criterion_score where criterion_code = '05'
        union all
        select * from marts.fct_criterion_score where criterion_code <> '05'
        """
    )
    march.commit()
    revised = publish(march, reason="method")
    assert (revised.release_id, revised.status) == ("2025-03.r2", "revised")
    total = (
        "select total_score from published.monthly_score where release_id = %s order by unit_code"
    )
    totals = [march.execute(total, [f"2025-03.r{n}"]).fetchall() for n in (1, 2)]
    assert totals[0] == totals[1], "totals go on"
    shown = march.execute(
        "select distinct numerator, rate, score, status, withheld from "
        "published.public_criterion_score where release_id = '2025-03.r2' and criterion_code = '05'"
    ).fetchall()
    assert shown == [(None, None, None, "suspended", None)]
    figure = march.execute(
        "select value, printed_value, withheld from published.public_letter_figure "
        "where release_id = '2025-03.r2' and row_code = 'timeliness_rate'"
    ).fetchone()
    assert figure == (None, None, "suspended")
