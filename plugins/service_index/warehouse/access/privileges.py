"""Every privilege in the warehouse, as its catalogue has it, and as `privileges.csv` wants it.

The file names what a role may do with a schema (`raw`), a relation (`raw.dossiers`), a function
(`access.own_unit_days()`) or the database (`database`): `owner`, or privileges as PostgreSQL calls
them. What it does not name none of the five roles has, nor `PUBLIC` (role `public`); what other
roles were granted by hand is told by `foreign_grants`, and left to whoever granted it.
"""

from __future__ import annotations

import csv
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import psycopg
from psycopg import sql

from service_index.warehouse.access.roles import READERS, ROLES, RolesError

MATRIX = Path(__file__).parent / "privileges.csv"
PUBLIC = "public"
OWNER = "owner"
DATABASE = "database"

# Each row of these tells of a dossier: who reads them sees some of the rows only.
GUARDED = ("marts.fct_dossier",)
# dbt_project/macros/access.sql; any other would open rows, for policies add up.
POLICIES = ("own_units", "releases")

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
        format('%%I.%%I', nspname, relname), relowner, relacl, 'r'
    from pg_class inner join wanted_schema on relnamespace = wanted_schema.oid
    where relkind in ('r', 'p', 'v', 'm')
    union all
    select
        format('%%I.%%I(%%s)', nspname, proname, pg_get_function_identity_arguments(pg_proc.oid)),
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
    not there yet nothing is lacking; one that is not guarded is for no reader."""
    there = actual(connection)
    objects = {name for name, _, _ in there}
    bare = {*unguarded(connection)}
    ours = {grant for grant in there if grant[1] in {*ROLES, PUBLIC}}
    due = {
        (name, role, privilege)
        for name, role, privilege in wanted()
        if name in objects and not (name in bare and role in READERS)
    }
    return [
        *(Difference(*grant, is_missing=False) for grant in sorted(ours - due)),
        *(Difference(*grant, is_missing=True) for grant in sorted(due - ours)),
    ]


def apply(connection: psycopg.Connection) -> list[Difference]:
    """Make the privileges those of the file; give what had to be changed. The caller commits.

    Raises RolesError where the present user may not.
    """
    found = differences(connection)
    # Who becomes the owner of a thing loses what was granted to it before.
    for difference in sorted(found, key=lambda one: (one.privilege != OWNER, one.is_missing)):
        _mend(connection, difference)
    # PostgreSQL only warns of what it does not do for want of a right.
    left = differences(connection) if found else []
    if left:
        raise RolesError(
            f"{left[0]}, and the warehouse's user may not change it: have the database and all in "
            "it belong to that user (docs/deployment.md)"
        )
    return found


def foreign_grants(connection: psycopg.Connection) -> list[str]:
    """What roles hold that are none of the five, and what anyone holds on single columns."""
    others = [
        f"{role} has {privilege} on {name}"
        for name, role, privilege in actual(connection)
        if privilege != OWNER and role not in {*ROLES, PUBLIC}
    ]
    columns = connection.execute(
        """
        select
            format('%%s has %%s on %%I.%%I (%%I)',
                case when acl.grantee = 0 then 'public' else pg_get_userbyid(acl.grantee) end,
                lower(acl.privilege_type), nspname, relname, attname)
        from pg_attribute
        inner join pg_class on pg_class.oid = attrelid
        inner join pg_namespace on pg_namespace.oid = relnamespace
        cross join lateral aclexplode(attacl) as acl
        where nspname = any(%(schemas)s)
        """,
        {"schemas": schemas()},
    )
    return sorted([*others, *(line for (line,) in columns)])


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
    # The catalogue quoted the name where that is needed.
    kind = "routine" if name.endswith(")") else "table" if "." in name else "schema"
    return sql.SQL(f"{kind} {name}")


def unguarded(connection: psycopg.Connection) -> list[str]:
    """Relations that would show every unit's dossiers to readers who may see some of them only: a
    guarded table whose row-level security is off or whose policies are not its own, or a view that
    readers may select from and that reads one, at whatever remove, with its owner's eyes."""
    rows = connection.execute(
        """
        with recursive guarded as (
            select to_regclass(name) as oid from unnest(%(guarded)s::text[]) as name
        ),

        bare as (
            select c.oid
            from guarded
            inner join pg_class as c on c.oid = guarded.oid
            where
                not c.relrowsecurity
                or %(policies)s::name[] is distinct from (
                    select array_agg(p.polname order by p.polname)
                    from pg_policy as p
                    where p.polrelid = c.oid
                )
        ),

        -- whether somebody else's rights stand between the reader and the table
        reading as (
            select guarded.oid, false as is_by_owner from guarded
            union
            select
                c.oid,
                reading.is_by_owner
                or c.relkind = 'm'
                or not coalesce(c.reloptions @> '{security_invoker=true}', false)
            from reading
            inner join pg_depend as d
                on d.refobjid = reading.oid and d.classid = 'pg_rewrite'::regclass
            inner join pg_rewrite as r on r.oid = d.objid
            inner join pg_class as c on c.oid = r.ev_class and c.oid <> reading.oid
        )

        select bare.oid::regclass::text from bare
        union
        select reading.oid::regclass::text
        from reading
        where
            reading.is_by_owner
            and exists (
                select from unnest(%(readers)s::text[]) as reader
                where has_table_privilege(reader, reading.oid, 'select')
            )
        """,
        {"guarded": list(GUARDED), "policies": list(POLICIES), "readers": list(READERS)},
    )
    return sorted(name for (name,) in rows)
