"""From landed bytes to typed rows: record contracts, quarantine, and the ledger of batches."""

from service_index.loading.ledger import LoadReport
from service_index.loading.load import LoadError, load_batch, load_landed
from service_index.loading.national import NationalLoad, landing_alone, load_national
from service_index.loading.retry import retry_quarantined
from service_index.loading.windows import is_loaded, loaded_until, request_window

__all__ = [
    "LoadError",
    "LoadReport",
    "NationalLoad",
    "is_loaded",
    "landing_alone",
    "load_batch",
    "load_landed",
    "load_national",
    "loaded_until",
    "request_window",
    "retry_quarantined",
]
