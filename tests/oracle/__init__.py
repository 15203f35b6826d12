"""An independent calculation of the index, to check the warehouse against.

It reads the source's own records (the JSON objects of the source contract) and works the figures
of `fct_criterion_score`, `mart_monthly_score`, `mart_dossier_balance`, `mart_target_compliance`,
`mart_compliance_cause` and the computed rows of `mart_statistical_form` out in plain Python:
exact fractions, no SQL, no data frames.

Independent on purpose. It shares no code with the loader, the dbt models or their seeds, and was
written from the contracts alone, so that an error would have to be made twice, in two languages,
to stay unseen. Do not import `service_index` here, and do not "mend" a difference by copying what
the warehouse does: decide which of the two follows the contract.

    fields.py      read one field           records.py    read one record, or refuse it
    versions.py    the latest valid version of each record, the history of snapshots
    units.py       which unit a code counts for in a month
    facts.py       what happened in a month
    policy.py      catalogue, bands, targets
    criteria.py    numerators and denominators     scores.py   rates, scores, totals, bands, ranks
    balance.py     dossier balance                 compliance.py   targets and causes
    form.py        the statistical form of a period
    calculate.py   all of it, from deliveries to an OracleResult
    compare.py     an OracleResult against the marts, row by row
    generate*.py   small hostile provinces         cases.py      builders for hand-worked cases
"""

from tests.oracle.calculate import OracleResult, calculate
from tests.oracle.versions import Delivery

__all__ = ["Delivery", "OracleResult", "calculate"]
