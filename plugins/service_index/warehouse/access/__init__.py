"""Who may do what in the warehouse: five roles, and all that they may, by `privileges.csv`."""

from service_index.warehouse.access.privileges import (
    Difference,
    apply,
    differences,
    foreign_grants,
    unguarded,
)
from service_index.warehouse.access.roles import (
    BI_READER,
    LOADER,
    PIPELINE,
    PUBLISHER,
    READERS,
    ROLES,
    TRANSFORMER,
    UNIT_READER,
    RolesError,
    as_role,
    assert_role,
    create_roles,
)

__all__ = [
    "BI_READER",
    "LOADER",
    "PIPELINE",
    "PUBLISHER",
    "READERS",
    "ROLES",
    "TRANSFORMER",
    "UNIT_READER",
    "Difference",
    "RolesError",
    "apply",
    "as_role",
    "assert_role",
    "create_roles",
    "differences",
    "foreign_grants",
    "unguarded",
]
