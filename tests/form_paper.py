"""The form of a real paper as rows and identities: the catalogue's words, the paper's figures."""

from __future__ import annotations

import csv
from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

from service_index.publishing.edition import Edition
from service_index.publishing.form import FormCheck, FormRelease, FormRow
from service_index.settings import ICT, PROJECT_ROOT

SEEDS = PROJECT_ROOT / "dbt_project" / "seeds"

# As the province's paper of the third quarter of 2025 prints them; it leaves CD.1 blank.
PRINTED = {
    "CD.2.1": "12",
    "CD.2.2": "3",
    "CD.2.3": "0",
    "CD.2.4": "0",
    "CD.3": "1",
    "1.1": "06",
    "1.2": "200",
    "1.3": "66",
    "1.4": "2.273",
    "1.4.1": "1.839",
    "1.4.2": "434",
    "2.1": "100%",
    "2.2": "2.180",
    "3.1": "97.54%",
    "3.1.1": "16.095",
    "3.1.2": "15.700",
    "3.2": "99.2%",
    "3.2.1": "230.561",
    "3.2.2": "228.831",
    "3.3": "64.2%",
    "3.3.1": "70",
    "3.3.2": "45",
    "DVC.3.1": "93.89%",
    "DVC.3.1.1": "966",
    "DVC.3.1.2": "907",
    "DVC.3.2": "96.12%",
    "DVC.3.2.1": "465",
    "DVC.3.2.2": "447",
    "DVC.3.3": "89.6%",
    "DVC.3.3.1": "115.479",
    "DVC.3.3.2": "103.470",
    "DVC.3.4": "92.31%",
    "DVC.3.4.1": "148.667",
    "DVC.3.4.2": "137.236",
    "DVC.3.5": "100%",
    "DVC.3.5.1": "890",
    "DVC.3.5.2": "890",
}
# What the paper's own figures fail.
FAILING = {
    "balance_closes": (Decimal(267922), Decimal(256669)),
    "text_resolved_is_the_tables": (Decimal(246821), Decimal(246656)),
}

EDITION = Edition(
    release_id="2025Q3.r1",
    kind="statistical_form",
    period="2025Q3",
    province_code="33",
    province_name="Tỉnh Hưng Yên",
    revision=1,
    previous_release_id=None,
    reason=None,
    created_at=datetime(2025, 9, 20, 3, 4, 5, tzinfo=ICT),
    catalogue_version=None,
    content_sha256="0" * 64,
    code_revision="abc",
    is_sample=True,
    source_batches=[],
    stamp=1,
    status="provisional",
    data_cutoff=datetime(2025, 9, 16, tzinfo=ICT),
    stamped_at=datetime(2025, 9, 20, 3, 4, 5, tzinfo=ICT),
)


def paper_form(**of_edition: Any) -> FormRelease:
    return FormRelease(replace(EDITION, **of_edition), paper_rows(), paper_checks())


def paper_rows(printed: Mapping[str, str] = PRINTED) -> list[FormRow]:
    """Every row of the catalogue, those without a printed figure blank."""
    catalogue = {row["row_code"]: row for row in _seed("form_rows")}
    return [_row(row, catalogue, printed) for row in catalogue.values() if row["kind"] != "heading"]


def paper_checks() -> list[FormCheck]:
    """Identities that fail (FAILING), those of the text undecided, the others holding."""
    return [_check(identity) for identity in _seed("form_identities")]


def _seed(name: str) -> list[dict[str, str]]:
    with Path(SEEDS, f"{name}.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def _row(
    row: dict[str, str], catalogue: dict[str, dict[str, str]], printed: Mapping[str, str]
) -> FormRow:
    heading = catalogue[row["heading_row"]]
    part = catalogue.get(heading["heading_row"])
    return FormRow(
        row_code=row["row_code"],
        part_vi=(part or heading)["label_vi"],
        heading_vi=heading["label_vi"] if part else None,
        label_vi=row["label_vi"],
        unit_of_measure=row["unit_of_measure"] or None,
        value=_value(row, printed),
        printed_value=printed.get(row["row_code"]),
        origin=row["origin"],
        note_vi="bao gồm công bố chuẩn hóa" if row["row_code"] == "1.2" else None,
    )


def _value(row: dict[str, str], printed: Mapping[str, str]) -> Decimal | None:
    """The exact value behind a printed one: of a rate, the ratio of the two rows under it."""
    if row["row_code"] not in printed:
        return None
    if not row["numerator_row"]:
        return Decimal(printed[row["row_code"]].replace(".", "").rstrip("%"))
    part, whole = (
        Decimal(printed[row[name]].replace(".", ""))
        for name in ("numerator_row", "denominator_row")
    )
    return 100 * part / whole


def _check(identity: dict[str, str]) -> FormCheck:
    left, right = FAILING.get(identity["identity"], (Decimal(1), Decimal(1)))
    fails = identity["identity"] in FAILING
    is_decided = fails or not identity["identity"].startswith("text_")
    formula = (identity["left_terms"], identity["comparison"], identity["right_terms"])
    return FormCheck(
        identity=identity["identity"],
        description_vi=identity["description_vi"],
        formula=" ".join(formula),
        left_value=left if is_decided else None,
        right_value=right,
        difference=left - right if is_decided else None,
        holds=not fails if is_decided else None,
    )
