"""How far a field or column may go: the classes of data, and who has which.

Personal data stay in the landing and in quarantine. Identifiers, which lead to one person's case,
go as far as the tables of single cases and are never published.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import Enum


class PersonalData(Enum):
    """Classes of personal data. Such fields are not loaded: they stay in landing and quarantine."""

    NAME = "name"
    IDENTITY_NUMBER = "identity number"
    PHONE = "phone"
    MAIL = "mail"
    FREE_TEXT = "free text that may name people"


class Sensitivity(Enum):
    """Classes of what is no personal data by itself.

    PUBLIC       anyone may see it: catalogues of units and procedures, codes
    INTERNAL     a fact of one case, such as a date or state, that tells nobody's name
    IDENTIFIER   leads to one case, and by the source's own files to its person
    """

    PUBLIC = "public"
    INTERNAL = "internal"
    IDENTIFIER = "identifier"


Class = PersonalData | Sensitivity

# Columns of every raw table that tell where a row comes from, in the table's order. File, line and
# hash lead to the landed record.
LINEAGE: Mapping[str, Sensitivity] = {
    "batch_id": Sensitivity.INTERNAL,
    "landed_at": Sensitivity.INTERNAL,
    "landed_file": Sensitivity.IDENTIFIER,
    "landed_line": Sensitivity.IDENTIFIER,
    "content_hash": Sensitivity.IDENTIFIER,
}
# What a snapshot feed's raw table has beside its contract's columns.
OF_SNAPSHOT: Mapping[str, Sensitivity] = {
    "version_at": Sensitivity.INTERNAL,
    "is_removed": Sensitivity.INTERNAL,
}
# raw.national_scores, which has no record contract: what a public page shows of provinces.
_NATIONAL_SCORES = (
    *("period_month", "province_code", "version_at", "is_removed", "rank"),
    *("ckmb", "tdgq", "clgq", "tttt", "mdhl", "mdsh", "tong_score"),
)
NATIONAL_SCORES: Mapping[str, Sensitivity] = {
    **dict.fromkeys(_NATIONAL_SCORES, Sensitivity.PUBLIC),
    **LINEAGE,
}
