"""What somebody works out who has all public CSV files: nothing of one to four people.

Histories of two months with up to three revisions each are generated, with many counts of one to
four; then the subtractions are tried that decision 0011 promises to give nothing: within a release,
and of each share from its earlier revisions. What it admits (months of a year from one another)
is not tried.
"""

from __future__ import annotations

import itertools
import random
import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import psycopg
import pytest
from publish_marts import AFTER_MARCH, fill_march
from release_files import read_csv, tables_alone

from service_index.publishing.edition import editions
from service_index.publishing.month_reading import read_month
from service_index.publishing.monthly import publish_month
from service_index.publishing.notice import notice
from service_index.publishing.printing import number
from tests.warehouses import fresh_warehouse

FEBRUARY, MARCH = MONTHS = (date(2025, 2, 1), date(2025, 3, 1))
COMMUNES = tuple(f"H31.{n:03}" for n in range(1, 31))
WITH_TARGET = ("chung-thuc", "ho-tich")
FIELDS = (*WITH_TARGET, "dat-dai", "y-te")
CRITERIA = ("05", "20")
CAUSES = ("not_paid_online", "no_electronic_result")

Share = tuple[int, int]  # how many counted, out of how many
Key = tuple[str, ...]


# ---- a history


class Truth:
    """How it is at one moment: shares by unit, month (None: earlier in the year) and what of."""

    def __init__(self, seed: int) -> None:
        self.random = random.Random(seed)
        self.shares: dict[tuple[str, date | None, str], Share] = {}
        for unit in COMMUNES:
            # Some units have had a year before the first month that is published.
            months = (*MONTHS, None) if self.random.random() < 0.4 else MONTHS
            for month, name in itertools.product(months, (*FIELDS, *CRITERIA)):
                whole = self.random.choice([0, 1, 2, 3, 4, 5, 8, 13, 20, 40])
                self.shares[unit, month, name] = self.random.randint(0, whole), whole

    def move_on(self) -> None:
        """Some come late, some are judged anew, a few turn out to have been none."""
        for key, (part, whole) in self.shares.items():
            if self.random.random() < 0.3:
                more = max(0, whole + self.random.choice([0, 0, 1, 2, 3, 4, 6, 9, -2]))
                better = part + self.random.choice([0, 0, 1, 3, 7, -2])
                self.shares[key] = min(more, max(0, better)), more

    def of(self, unit: str, months: tuple[date | None, ...], name: str) -> Share:
        units = COMMUNES if unit == "H31" else (unit,)
        names = FIELDS if name == "*" else (name,)
        found = [self.shares.get(key, (0, 0)) for key in itertools.product(units, months, names)]
        return sum(part for part, _ in found), sum(whole for _, whole in found)


def write_marts(connection: psycopg.Connection, truth: Truth) -> None:
    """The marts as they are of `truth`, for both months."""
    connection.execute("truncate marts.mart_target_compliance, marts.mart_compliance_cause")
    compliance: list[tuple[Any, ...]] = []
    causes: list[tuple[Any, ...]] = []
    criteria: list[tuple[Any, ...]] = []
    for index, month in enumerate(MONTHS, start=1):
        bases = {"month": (month,), "year_to_date": (None, *MONTHS[:index])}
        for unit in ("H31", *COMMUNES):
            for (basis, months), name in itertools.product(bases.items(), ("*", *FIELDS)):
                part, whole = truth.of(unit, months, name)
                has_target = name == "*" or name in WITH_TARGET
                compliance.append((month, basis, unit, name, part, whole, has_target))
            part, whole = truth.of(unit, (month,), "*")
            causes += [
                (month, unit, cause, (whole - part) // share, (whole - part) // (share + 1))
                for share, cause in enumerate(CAUSES, start=1)
            ]
            criteria += [(*truth.of(unit, (month,), name), unit, month, name) for name in CRITERIA]
    with connection.cursor() as cursor:
        cursor.executemany(
            "insert into marts.mart_target_compliance "
            "select m, b, 'end_to_end_online', u, f, n, d, n / nullif(d, 0)::numeric, "
            "case when t then 0.7 end, case when t then n >= 0.7 * d end, "
            "case when t then greatest(0, ceil(0.7 * d) - n) end "
            "from (values (%s::date, %s, %s, %s, %s::bigint, %s::bigint, %s)) "
            "as v (m, b, u, f, n, d, t)",
            compliance,
        )
        cursor.executemany(
            "insert into marts.mart_compliance_cause values (%s, %s, %s, %s, %s)", causes
        )
        cursor.executemany(
            "update marts.fct_criterion_score as s set numerator = n, denominator = d, "
            "rate = n / nullif(d, 0)::numeric, score = max_points * n / nullif(d, 0)::numeric "
            "from (values (%s::bigint, %s::bigint, %s, %s::date, %s)) as v (n, d, u, m, c) "
            "where s.unit_code = u and s.period_month = m and s.criterion_code = c",
            criteria,
        )
    connection.commit()


def begin(connection: psycopg.Connection) -> None:
    """The marts of March, and the same of February."""
    fill_march(connection, communes=len(COMMUNES))
    tables = connection.execute(
        "select relname from pg_class where relnamespace = 'marts'::regnamespace and relkind = 'r'"
    ).fetchall()
    for (table,) in tables:
        connection.execute(f"create temporary table moved as table marts.{table}")
        connection.execute("update moved set period_month = %s", [FEBRUARY])
        connection.execute(f"insert into marts.{table} table moved")
        connection.execute("drop table moved")
    connection.commit()


def publish_history(connection: psycopg.Connection, seed: int, folder: Path) -> list[Path]:
    """The public CSV files and notices of all releases, in the order in which they were made."""
    begin(connection)
    truth = Truth(seed)
    order = [*MONTHS * 3]
    truth.random.shuffle(order)
    folders = []
    for day, month in enumerate(order):
        write_marts(connection, truth)
        result = publish_month(
            connection,
            month,
            code_revision="abc",
            is_sample=True,
            created_at=AFTER_MARCH + timedelta(days=day),
        )
        if result.is_new:
            path = folder / result.release_id
            path.mkdir()
            folders.append(tables_alone(connection, result.release_id, path))
            release = read_month(connection, editions(connection, result.release_id)[-1])
            connection.commit()
            if release.previous is not None:
                (path / "NOTICE.txt").write_text(notice(release), encoding="utf-8")
        truth.move_on()
    return folders


# ---- an attacker, who has files alone


@dataclass(frozen=True)
class Release:
    release_id: str
    period: str
    previous: str
    tables: dict[str, dict[Key, dict[str, str]]]  # rows by table and key
    changes: list[dict[str, str]]
    notice: str

    def share(self, unit: str, basis: str, name: str) -> Share | None:
        row = self.tables["target_compliance"][unit, basis, name]
        return shown(row, "numerator", "denominator")


KEYS = {
    "target_compliance": ("unit_code", "basis", "field_code"),
    "criterion_score": ("unit_code", "criterion_code"),
    "compliance_cause": ("unit_code", "cause"),
    "letter_figure": ("province_code", "row_code"),
    "monthly_score": ("unit_code",),
}


def read_release(folder: Path) -> Release:
    (record,) = read_csv(folder / "data" / "release.csv")
    path = folder / "NOTICE.txt"
    return Release(
        record["release_id"],
        record["period"],
        record["previous_release_id"],
        {
            table: {
                tuple(row[name] for name in key): row
                for row in read_csv(folder / "data" / f"{table}.csv")
            }
            for table, key in KEYS.items()
        },
        read_csv(folder / "CHANGES.csv"),
        path.read_text(encoding="utf-8") if path.exists() else "",
    )


def shown(row: dict[str, str], part: str, whole: str) -> Share | None:
    return (int(row[part]), int(row[whole])) if row[part] and row[whole] else None


def minus(whole: Share, part: Share) -> Share:
    return whole[0] - part[0], whole[1] - part[1]


def is_few(share: Share) -> bool:
    """Of one to four people; or of nobody more, and one to four are judged otherwise."""
    return 1 <= abs(share[1]) <= 4 or (share[1] == 0 and 1 <= abs(share[0]) <= 4)


Found = tuple[str, str, str, Share]  # what was tried, where, whose, and what it gives


def rest_of_fields(release: Release, unit: str, basis: str) -> Iterator[tuple[str, Share]]:
    """The total less a field whose counts are shown."""
    total = release.share(unit, basis, "*")
    for name in WITH_TARGET:
        part = release.share(unit, basis, name)
        if total is not None and part is not None:
            yield f"* less {name}", minus(total, part)


def within_one_release(releases: list[Release]) -> Iterator[Found]:
    for release in releases:
        for (unit, basis, name), row in release.tables["target_compliance"].items():
            share = shown(row, "numerator", "denominator")
            if share is not None:
                yield "as it is", release.release_id, f"{unit} {basis} {name}", (0, share[1])
            if name == "*":
                for what, rest in rest_of_fields(release, unit, basis):
                    yield "total less fields", release.release_id, f"{unit} {basis} {what}", rest
        for key, row in release.tables["criterion_score"].items():
            share = shown(row, "numerator", "denominator")
            # In the marts made by hand these count procedures, which are nobody.
            if share is not None and key[1] not in {"06", "07", "10", "17"}:
                yield "as it is", release.release_id, " ".join(key), (0, share[1])


def cells(release: Release) -> Iterator[tuple[str, Share]]:
    """Every share of people that has revisions, but for the province's own: it is quoted."""
    for (unit, basis, name), row in release.tables["target_compliance"].items():
        share = shown(row, "numerator", "denominator")
        if share is not None and (unit, name) != ("H31", "*"):
            yield f"{unit} {basis} {name}", share
    for (unit, code), row in release.tables["criterion_score"].items():
        share = shown(row, "numerator", "denominator")
        if share is not None and unit != "H31":
            yield f"{unit} criterion {code}", share
    for (unit, cause), row in release.tables["compliance_cause"].items():
        total = release.share(unit, "month", "*")
        for column in ("dossiers_failing", "dossiers_failing_only"):
            if total is not None and row[column] and unit != "H31":
                yield f"{unit} {cause} {column}", (int(row[column]), total[1])


def between_revisions(releases: list[Release]) -> Iterator[Found]:
    for earlier, later in itertools.combinations(releases, 2):
        if earlier.period == later.period:
            then = dict(cells(earlier))
            for what, share in cells(later):
                if what in then:
                    where = f"{later.release_id} - {earlier.release_id}"
                    yield "revisions", where, what, minus(share, then[what])


# ---- the tests


@pytest.fixture(scope="module", params=[1, 2, 3])
def releases(
    request: pytest.FixtureRequest,
    postgres_server: str,
    tmp_path_factory: pytest.TempPathFactory,
) -> list[Release]:
    with fresh_warehouse(postgres_server) as dsn, psycopg.connect(dsn) as connection:
        folders = publish_history(connection, request.param, tmp_path_factory.mktemp("public"))
    return [read_release(folder) for folder in folders]


def test_no_subtraction_tells_of_one_to_four_people(releases: list[Release]) -> None:
    tried = [*within_one_release(releases), *between_revisions(releases)]
    kinds = Counter(kind for kind, *_ in tried)
    assert (len(releases), len(kinds)) == (6, 3)
    assert min(kinds.values()) > 50, f"hardly tried: {kinds}"
    assert [found for found in tried if is_few(found[3])] == []


def test_changes_are_those_of_the_tables(releases: list[Release]) -> None:
    """So they tell of no cell that either table withholds."""
    by_id = {release.release_id: release for release in releases}
    told = withheld = 0
    for release in releases:
        for change in release.changes:
            if change["relation"] not in KEYS:
                continue
            if change["withheld"]:
                assert (change["old_value"], change["new_value"]) == ("", "")
                withheld += 1
                continue
            pairs = dict(pair.split("=", 1) for pair in change["key"].split(", "))
            key = tuple(pairs[name] for name in KEYS[change["relation"]])
            sides = {"old_value": by_id[release.previous], "new_value": release}
            for value, side in sides.items():
                row = side.tables[change["relation"]][key]
                assert change[value] == row[change["column_name"]], change
            told += 1
    assert told > 200
    assert withheld > 200


def test_notices_tell_scores_alone_of_what_is_withheld(releases: list[Release]) -> None:
    by_id = {release.release_id: release for release in releases}
    sentence = re.compile(r"- Xã số (\d+): tiêu chí (\d\d): (\S+) → ([^ ,]+(?:,\d+)?)(?:, (.+))?")
    told = 0
    for release in releases:
        for found in sentence.finditer(release.notice):
            key = f"H31.{int(found[1]):03}", found[2]
            rows = [
                side.tables["criterion_score"][key] for side in (by_id[release.previous], release)
            ]
            if any(row["withheld"] for row in rows):
                assert found[5] == "n<5", found[0]
                for row, printed in zip(rows, (found[3], found[4]), strict=True):
                    places = len(printed.partition(",")[2])
                    score = row["score"]
                    assert printed == (number(Decimal(score), places) if score else "–")
                told += 1
    assert told > 10
