"""Generates the whole province into a folder."""

import json
from collections.abc import Callable, Iterable, Iterator
from heapq import merge
from itertools import islice
from pathlib import Path

import numpy as np

from simulator import national_scores, reference
from simulator.dataset import NATIONAL_FILE, Progress
from simulator.dossier_records import DossierWriter, dossier_numbers
from simulator.draws import Draws
from simulator.feeds import FEEDS
from simulator.handling import Handling, HandlingBuilder
from simulator.lifecycle import Lifecycle, LifecycleBuilder, touch_boundaries
from simulator.petitions import petition_rows
from simulator.plan import CERTIFIED_COPIES, PLANS, Plan
from simulator.population import Population, PopulationBuilder
from simulator.procedures import procedure_rows
from simulator.side_records import Row, payment_rows, rating_rows, uncounted_dossiers
from simulator.store import FeedWriter, Record
from simulator.traits import Trait, Traits, draw_traits
from simulator.units import HandlingUnits, handling_units, unit_rows

_TEMPLATES = 500


def generate(directory: Path, scale: str, seed: int, progress: Progress) -> dict[str, int]:
    """Write every feed of the scale's plan into `directory`; return the number of records each."""
    province = Province(PLANS[scale], lambda purpose: Draws(seed, purpose))
    progress("units, procedures", 0.0)
    source = reference.load()
    plan = province.plan
    counts = {
        "units": _write_snapshot(directory, "units", unit_rows(source)),
        "procedures": _write_snapshot(
            directory,
            "procedures",
            procedure_rows(
                source,
                plan,
                province.procedures_in_use(),
                province.draws("procedures"),
            ),
        ),
    }
    progress("dossiers", 0.0)
    counts["dossiers"] = _write_dossiers(directory, province, progress)
    progress("payments, ratings, petitions", 0.0)
    counts["payments"] = _write_rows(directory, "payments", province.payments())
    counts["ratings"] = _write_rows(directory, "ratings", province.ratings())
    counts["petitions"] = _write_rows(directory, "petitions", province.petitions())
    text = json.dumps(national_scores.rows_by_month(), ensure_ascii=False)
    (directory / NATIONAL_FILE).write_text(text, encoding="utf-8")
    progress("done", 1.0)
    return counts


class Province:
    """One drawn province: its units, dossiers and what follows from them."""

    plan: Plan
    units: HandlingUnits
    traits: Traits
    population: Population
    lifecycle: Lifecycle
    handling: Handling

    def __init__(self, plan: Plan, draws: Callable[[str], Draws]) -> None:
        """`draws` gives the random numbers of a purpose."""
        source = reference.load()
        self.plan = plan
        self.draws = draws
        self.procedures = source.procedures
        self.units = handling_units(source, draws("units"))
        self.traits = draw_traits(len(self.units.codes), draws("traits"))
        self.population = PopulationBuilder(
            plan, source, self.units, self.traits.base[:, Trait.ONLINE], draws("population")
        ).build()
        limits = np.array([procedure.limit_days for procedure in source.procedures])
        codes = np.array([procedure.code for procedure in source.procedures])
        is_certified_copy = np.isin(codes, CERTIFIED_COPIES)[self.population.procedure]
        self.lifecycle = LifecycleBuilder(
            plan,
            self.population,
            limits[self.population.procedure],
            is_certified_copy,
            self.traits.leaning(Trait.TIMELINESS, self.population.unit, self.population.received),
            draws("lifecycle"),
        ).build()
        touch_boundaries(self.population, self.lifecycle)
        has_fee = np.array([procedure.fee > 0 for procedure in source.procedures])
        self.handling = HandlingBuilder(
            plan,
            self.population,
            self.lifecycle,
            self.traits,
            has_fee[self.population.procedure],
            is_certified_copy,
            draws("handling"),
        ).build()
        self.numbers = dossier_numbers(self.population.received)

    def dossiers(self) -> Iterator[tuple[int, str, bytes]]:
        """Version, key and JSON of all dossiers, in the feed's order."""
        counted = self._counted_dossiers()
        first_ones = islice(self._counted_dossiers(), _TEMPLATES)
        templates = [json.loads(line) for _, _, line in first_ones]
        uncounted = uncounted_dossiers(self.plan, templates, self.draws("uncounted"))
        return merge(counted, sorted(map(_encoded, uncounted)))

    def _counted_dossiers(self) -> Iterator[tuple[int, str, bytes]]:
        writer = DossierWriter(self.procedures, self.units.codes)
        return writer.lines(self.population, self.lifecycle, self.handling, self.numbers)

    def procedures_in_use(self) -> set[tuple[str, str]]:
        """Code and unit of every procedure that a dossier was handled under."""
        pairs = set(
            zip(self.population.procedure.tolist(), self.population.unit.tolist(), strict=True)
        )
        codes = self.units.codes
        return {(self.procedures[procedure].code, codes[unit]) for procedure, unit in pairs}

    def payments(self) -> list[Row]:
        """All payments."""
        return payment_rows(
            self.population, self.handling, self.numbers, self.procedures, self.draws("payments")
        )

    def ratings(self) -> list[Row]:
        """All ratings."""
        satisfaction = self.traits.leaning(
            Trait.SATISFACTION, self.population.unit, self.population.received
        )
        return rating_rows(
            self.plan,
            self.population,
            self.lifecycle,
            self.numbers,
            self.units.codes,
            satisfaction,
            self.draws("ratings"),
        )

    def petitions(self) -> list[Row]:
        """All petitions."""
        codes = self.units.codes
        agencies = [code for code in self.units.agencies if code.startswith("MAU-S")]
        before = [*agencies, *(codes[unit] for unit in self.units.districts)]
        after = [*agencies, *(codes[unit] for unit in self.units.communes)]
        return petition_rows(self.plan, before, after, self.draws("petitions"))


def _write_snapshot(directory: Path, feed_name: str, records: Iterable[Record]) -> int:
    feed = FEEDS[feed_name]
    writer = FeedWriter(directory, feed)
    for record in sorted(records, key=lambda record: [record[field] for field in feed.key]):
        writer.write(0, _json(record))
    return writer.close()


def _write_rows(directory: Path, feed_name: str, rows: list[Row]) -> int:
    writer = FeedWriter(directory, FEEDS[feed_name])
    for version, _, record in sorted(rows, key=lambda row: row[:2]):
        writer.write(version, _json(record))
    return writer.close()


def _write_dossiers(directory: Path, province: Province, progress: Progress) -> int:
    writer = FeedWriter(directory, FEEDS["dossiers"])
    total = len(province.population)
    for place, (version, _, line) in enumerate(province.dossiers()):
        writer.write(version, line)
        if place % 10_000 == 0:
            progress("dossiers", min(1.0, place / total))
    return writer.close()


def _encoded(row: tuple[int, str, Record]) -> tuple[int, str, bytes]:
    version, key, record = row
    return version, key, _json(record)


def _json(record: Record) -> bytes:
    return json.dumps(record, ensure_ascii=False, separators=(",", ":")).encode()
