"""Pages of a release in a warehouse."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

import psycopg

from service_index.publishing.printing import number, percent
from service_index.publishing.site.slugs import slug
from tests.browser.reading import amount, parse, table
from tests.integration.publish_marts import publish
from tests.integration.site_tree import write_release


def count(of: int) -> str:
    return number(Decimal(of), 0)


def test_pages_print_what_is_published(march: psycopg.Connection, tmp_path: Path) -> None:
    folder = write_release(march, publish(march).release_id, tmp_path)
    ranked = march.execute(
        "select unit_code, rank, total_score from published.monthly_score "
        "where unit_type = 'commune' order by rank, unit_code collate \"C\""
    ).fetchall()
    rows = table(parse(folder / "site" / "ranking.html"), "table-1")
    assert [(row[0], row[2]) for row in rows] == [
        (str(rank), number(score, 2)) for _, rank, score in ranked
    ]
    for unit_code, _, score in ranked:
        page = parse(folder / "site" / "units" / f"{slug(unit_code)}.html")
        assert page.get_element_by_id("total-score").text == number(score, 2)
        criteria = march.execute(
            "select criterion_code, numerator, denominator, rate, score, max_points "
            "from published.public_criterion_score where unit_code = %s and status = 'scored' "
            "and withheld is null",
            [unit_code],
        ).fetchall()
        assert criteria
        lost = {row[0][:2]: row[1:4] for row in table(page, "lost")}
        for code, numerator, denominator, rate, points, most in criteria:
            assert lost[code] == [
                number(most - amount(number(points, 2)), 2),
                f"{percent(rate)} {count(numerator)}/{count(denominator)}",
                f"{number(points, 2)} / {number(most, 0)}",
            ]
