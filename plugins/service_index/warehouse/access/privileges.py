"""Every privilege in the warehouse, as its catalogue has it, and as `privileges.csv` wants it.

The file names what a role may do with a schema (`raw`), a relation (`raw.dossiers`), a function
(`access.own_unit_days()`) or the database (`database`): `owner`, or privileges as PostgreSQL calls
them. What it does not name nobody has, `PUBLIC` (role `public`) included.
"""

from __future__ import annotations

import csv
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import psycopg
from psycopg import sql

from service_index.warehouse.access.roles import ROLES, UNIT_READER

MATRIX = Path(__file__).parent / "privileges.csv"
PUBLIC = "public"
OWNER = "owner"
DATABASE = "database"

# Each row of these tells of a dossier: who reads them sees some of the rows only.
GUARDED = ("marts.fct_dossier",)

Grant = tuple[str, str, str]  # object, role, privilege

_ACTUAL = """
with wanted_schema as (
    select oid, nspname, nspowner, nspacl from pg_namespace where nspname = any(%(schemas)s)
),

object as (
    select
        'database'::text as name, datdba as owner, datacl as acl, 'd'::"char" as kind
    from pg_database where datname = current_database()
    union all
    select nspname, nspowner, nspacl, 'n' from wanted_schema
    union all
    select
        format('%%s.%%s', nspname, relname), relowner, relacl, 'r'
    from pg_class inner join wanted_schema on relnamespace = wanted_schema.oid
    where relkind in ('r', 'p', 'v', 'm')
    union all
    select
        format('%%s.%%s(%%s)', nspname, proname, pg_get_function_identity_arguments(pg_proc.oid)),
        proowner, proacl, 'f'
    from pg_proc inner join wanted_schema on pronamespace = wanted_schema.oid
)

select object.name, pg_get_userbyid(object.owner) as role, 'owner' as privilege
from object
where object.name <> 'database'
union all
select
    object.name,
    case when acl.grantee = 0 then 'public' else pg_get_userbyid(acl.grantee) end,
    lower(acl.privilege_type)
from object
cross join lateral aclexplode(coalesce(object.acl, acldefault(object.kind, object.owner))) as acl
where acl.grantee <> object.owner
"""


@dataclass(frozen=True)
class Difference:
    """A privilege that is there and ought not to be, or the reverse."""

    object: str
    role: str
    privilege: str
    is_missing: bool

    def __str__(self) -> str:
        what = f"{self.role} {'lacks' if self.is_missing else 'has'} {self.privilege}"
        return f"{what} on {self.object}"


@cache
def wanted() -> frozenset[Grant]:
    """The file's privileges, one by one."""
    with MATRIX.open(encoding="utf-8", newline="") as file:
        return frozenset(
            (row["object"], role, privilege)
            for row in csv.DictReader(file)
            for role in (*ROLES, PUBLIC)
            for privilege in row[role].split()
        )


def schemas() -> list[str]:
    """Those that the file tells of."""
    return sorted({name.partition(".")[0] for name, _, _ in wanted()} - {DATABASE})


def actual(connection: psycopg.Connection) -> frozenset[Grant]:
    """What the catalogue says of the file's schemas: all roles', also those it does not know."""
    return frozenset(connection.execute(_ACTUAL, {"schemas": schemas()}).fetchall())


def differences(connection: psycopg.Connection) -> list[Difference]:
    """What the five roles and PUBLIC have and should not, and what they lack. Of an object that is
    not there yet nothing is lacking."""
    there = actual(connection)
    objects = {name for name, _, _ in there}
    ours = {grant for grant in there if grant[1] in {*ROLES, PUBLIC}}
    due = {grant for grant in wanted() if grant[0] in objects}
    return [
        *(Difference(*grant, is_missing=False) for grant in sorted(ours - due)),
        *(Difference(*grant, is_missing=True) for grant in sorted(due - ours)),
    ]


def apply(connection: psycopg.Connection) -> list[Difference]:
    """Make the privileges those of the file; give what had to be changed. The caller commits."""
    found = differences(connection)
    # Who becomes the owner of a thing loses what was granted to it before.
    for difference in sorted(found, key=lambda one: (one.privilege != OWNER, one.is_missing)):
        _mend(connection, difference)
    return found


def _mend(connection: psycopg.Connection, difference: Difference) -> None:
    name, role = difference.object, difference.role
    thing = _thing(name, connection.info.dbname)
    who = sql.SQL(PUBLIC) if role == PUBLIC else sql.Identifier(role)
    if difference.privilege == OWNER:
        # Whoever should not own it loses it to whoever should.
        if difference.is_missing:
            connection.execute(sql.SQL("alter {} owner to {}").format(thing, who))
        return
    privilege = sql.SQL(difference.privilege)
    statement = "grant {} on {} to {}" if difference.is_missing else "revoke {} on {} from {}"
    connection.execute(sql.SQL(statement).format(privilege, thing, who))


def _thing(name: str, database: str) -> sql.Composable:
    """The kind and the name, as statements write them."""
    if name == DATABASE:
        return sql.SQL("database ") + sql.Identifier(database)
    if name.endswith(")"):
        return sql.SQL("function ") + sql.SQL(name)
    schema, _, relation = name.partition(".")
    if relation:
        return sql.SQL("table ") + sql.Identifier(schema, relation)
    return sql.SQL("schema ") + sql.Identifier(schema)


def unguarded(connection: psycopg.Connection) -> list[str]:
    """Relations that show rows of dossiers to readers who may see some of them only: a guarded
    table without its policy, or a view that reads one with its owner's eyes."""
    rows = connection.execute(
        """
        select format('%%s.%%s', n.nspname, c.relname)
        from pg_class as c inner join pg_namespace as n on n.oid = c.relnamespace
        where
            format('%%s.%%s', n.nspname, c.relname) = any(%(guarded)s)
            and not (
                c.relrowsecurity
                and exists (
                    select from pg_policy as p
                    where p.polrelid = c.oid and %(reader)s::regrole = any(p.polroles)
                )
            )
        union
        select format('%%s.%%s', n.nspname, c.relname)
        from pg_rewrite as r
        inner join pg_class as c on c.oid = r.ev_class and c.relkind = 'v'
        inner join pg_namespace as n on n.oid = c.relnamespace
        inner join pg_depend as d on d.objid = r.oid and d.classid = 'pg_rewrite'::regclass
        where
            d.refobjid = any(select to_regclass(name) from unnest(%(guarded)s::text[]) as name)
            and not coalesce(c.reloptions @> '{security_invoker=true}', false)
            and has_table_privilege(%(reader)s, c.oid, 'select')
        """,
        {"guarded": list(GUARDED), "reader": UNIT_READER},
    )
    return sorted(name for (name,) in rows)
