"""The record contracts, one module per feed of the source contract."""

from __future__ import annotations

from service_index.loading.contract import Contract
from service_index.loading.contracts import (
    dossiers,
    payments,
    petitions,
    procedures,
    ratings,
    units,
)

# In the order in which a run loads them: what others refer to comes first.
CONTRACTS: dict[str, Contract] = {
    module.CONTRACT.feed: module.CONTRACT
    for module in (units, procedures, dossiers, payments, petitions, ratings)
}
INCREMENTAL_FEEDS = tuple(feed for feed, contract in CONTRACTS.items() if not contract.is_snapshot)
