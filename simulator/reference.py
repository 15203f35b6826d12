"""The province's real units and procedures, and what was invented to complete them.

Reads the CSV files in `reference/`; their README says where each column comes from.
"""

import csv
from dataclasses import dataclass
from functools import cache
from pathlib import Path

_FOLDER = Path(__file__).parent / "reference"


@dataclass(frozen=True)
class Agency:
    """A department or vertical agency of the province; its code is invented."""

    code: str
    name: str
    unit_type: str


@dataclass(frozen=True)
class Commune:
    """A commune from 1/7/2025."""

    code: str
    name: str
    district_code: str
    former_commune_count: int


@dataclass(frozen=True)
class FormerCommune:
    """A commune until 30/6/2025 with its successors, the main one first."""

    code: str
    name: str
    district_code: str
    province_code: str
    successors: tuple[str, ...]


@dataclass(frozen=True)
class FormerDistrict:
    """A district until 30/6/2025."""

    code: str
    name: str
    province_code: str


@dataclass(frozen=True)
class Procedure:
    """A procedure with its (invented) online level and use.

    `level` is tinh or xa; `agency_code` is empty at xa. One of xa that is not active ended with the
    old regime on 30/6/2025. `fee` in đồng, 0: none. `limit_days` in working days. Weights say how
    often it is used relative to the others of its kind.
    """

    code: str
    name: str
    field_code: str
    field_name: str
    level: str
    agency_code: str
    online_level: int
    fee: int
    limit_days: int
    is_active: bool
    quarter_weight: float
    never_online: bool
    march_unit_type: str
    march_weight: float


@dataclass(frozen=True)
class Reference:
    """All reference data."""

    agencies: tuple[Agency, ...]
    communes: tuple[Commune, ...]
    former_communes: tuple[FormerCommune, ...]
    former_districts: tuple[FormerDistrict, ...]
    procedures: tuple[Procedure, ...]


_UNUSED = {
    "quarter_weight": "0",
    "never_online": "0",
    "march_unit_type": "",
    "march_weight": "0",
}
# Where a procedure's page names no time limit (certified copies and the like): the next day.
_DEFAULT_LIMIT_DAYS = 1


@cache
def load() -> Reference:
    """All reference data, read once."""
    return Reference(
        agencies=tuple(
            Agency(row["code"], row["name"], row["unit_type"]) for row in rows("agencies")
        ),
        communes=tuple(
            Commune(
                row["code"], row["name"], row["district_code"], int(row["former_commune_count"])
            )
            for row in rows("communes")
        ),
        former_communes=_former_communes(),
        former_districts=tuple(
            FormerDistrict(row["code"], row["name"], row["province_code"])
            for row in rows("former_districts")
        ),
        procedures=_procedures(),
    )


def rows(name: str) -> list[dict[str, str]]:
    """The rows of one reference file."""
    with (_FOLDER / f"{name}.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def _former_communes() -> tuple[FormerCommune, ...]:
    parts: dict[str, list[dict[str, str]]] = {}
    for row in rows("former_communes"):
        parts.setdefault(row["code"], []).append(row)
    communes = []
    for code, found in parts.items():
        # The successor that takes the whole commune, or keeps its code, is the main one.
        found.sort(key=lambda row: (row["is_whole"] != "1", row["successor_code"] != code))
        first = found[0]
        successors = tuple(row["successor_code"] for row in found)
        communes.append(
            FormerCommune(
                code, first["name"], first["district_code"], first["province_code"], successors
            )
        )
    return tuple(communes)


def _procedures() -> tuple[Procedure, ...]:
    fields = {row["code"]: row["name"] for row in rows("fields")}
    usage = {row["procedure_code"]: row for row in rows("usage")}
    procedures = []
    for row in rows("procedures"):
        use = usage.get(row["code"], _UNUSED)
        procedures.append(
            Procedure(
                code=row["code"],
                name=row["name"],
                field_code=row["field_code"],
                field_name=fields[row["field_code"]],
                level=row["level"],
                agency_code=row["agency_code"],
                online_level=int(row["online_level"]),
                fee=int(row["fee"]),
                limit_days=int(row["limit_days"] or _DEFAULT_LIMIT_DAYS),
                is_active=row["is_active"] == "1",
                quarter_weight=float(use["quarter_weight"]),
                never_online=use["never_online"] == "1",
                march_unit_type=use["march_unit_type"],
                march_weight=float(use["march_weight"]),
            )
        )
    return tuple(procedures)
