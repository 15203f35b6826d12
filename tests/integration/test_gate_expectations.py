"""Every expectation can fail: good data pass, and one change breaks one check."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import psycopg
import pytest
from gate_batch_mutations import BATCH_MUTATIONS
from gate_mart_mutations import MART_MUTATIONS
from gate_support import BATCH_OF, BATCHES, MONTHS, fill

from expectations.registry import FEED_SUITES, LEDGER, MART_SUITES
from expectations.vocabulary import ScopeItem
from service_index.quality.validation import Validator, open_validator
from service_index.warehouse import connection

SUITES = {suite.name: suite for suite in (LEDGER, *FEED_SUITES.values(), *MART_SUITES)}
MUTATIONS = BATCH_MUTATIONS | MART_MUTATIONS
CASES = [(suite, check) for suite, checks in MUTATIONS.items() for check in checks]
# Where one breach cannot but imply another.
ALSO_BROKEN = {
    # Above 5 % is above 1 % too.
    ("ledger", "rejected_share_is_tolerable"): {"rejected_share_is_small"},
    # A negative number of documents has no room for reused ones.
    ("raw_dossiers", "document_count_is_in_range"): {"reuse_is_within_documents"},
    # Points lie within their maxima, so a total outside 0 to 100 is not their quotient.
    ("mart_monthly_score", "total_score_is_in_range"): {"total_is_points_over_maximum"},
    ("mart_former_unit_score", "total_score_is_in_range"): {"total_is_points_over_maximum"},
    # Ranks without a gap end at the number of the ranked.
    ("mart_monthly_score", "rank_is_within_peers"): {"rank_out_of_counts_the_ranked"},
}
EMPTY = "truncate ops.batch, raw.units, raw.procedures, raw.dossiers, raw.payments, \
raw.petitions, raw.ratings, raw.national_scores, quarantine.record cascade"


@pytest.fixture(scope="module")
def database(postgres_server: str) -> Iterator[str]:
    """One database for all cases: each starts from the same good data, far faster than anew."""
    with psycopg.connect(postgres_server, autocommit=True) as admin:
        admin.execute("create database gate_cases template warehouse_template")
        yield postgres_server.replace("/postgres?", "/gate_cases?")
        admin.execute("drop database gate_cases with (force)")


@pytest.fixture(scope="module")
def validator(database: str) -> Iterator[Validator]:
    with open_validator(database) as opened:
        yield opened


@pytest.fixture
def good_data(database: str) -> Iterator[psycopg.Connection]:
    with connection.connect(database, autocommit=True) as opened:
        opened.execute(EMPTY)
        fill(opened, "gate_batches.sql", "gate_marts.sql")
        yield opened


def broken_checks(validator: Validator, suite_name: str) -> set[str]:
    """The failed checks of a suite over the fixture's batches or months."""
    scope: Sequence[ScopeItem] = MONTHS if suite_name in MART_MUTATIONS else BATCHES
    if suite_name.startswith("raw_"):
        scope = [BATCH_OF[suite_name.removeprefix("raw_")]]
    return {
        check.name for check in validator.validate(SUITES[suite_name], scope) if not check.passed
    }


def test_every_check_has_its_case() -> None:
    declared = {(suite.name, check.name) for suite in SUITES.values() for check in suite.checks}
    assert set(CASES) == declared


@pytest.mark.parametrize("suite", SUITES)
def test_good_data_pass(suite: str, validator: Validator, good_data: psycopg.Connection) -> None:
    assert broken_checks(validator, suite) == set()


@pytest.mark.parametrize(("suite", "check"), CASES, ids=[".".join(case) for case in CASES])
def test_one_change_breaks_one_check(
    suite: str, check: str, validator: Validator, good_data: psycopg.Connection
) -> None:
    good_data.execute(MUTATIONS[suite][check])
    assert broken_checks(validator, suite) == {check} | ALSO_BROKEN.get((suite, check), set())
