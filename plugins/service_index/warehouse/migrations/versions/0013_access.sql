-- `marts` is not there before the first transform.
set local check_function_bodies = off;

-- dbt may make none itself.
create schema if not exists catalogue;
create schema if not exists staging;
create schema if not exists intermediate;
create schema if not exists marts;

-- Rows that were open to whoever may read the table are closed until the next full refresh, which
-- the new project brings with it.
alter table if exists marts.fct_dossier enable row level security;

-- Whose dossiers a login may read: its own unit's, and those of what stands below it. The unit is a
-- version, since codes were used again in 2025: a code alone would hand the login on.
create schema access;

create table access.unit_reader (
    reader name not null,
    unit_code text not null,
    valid_from date not null,
    primary key (reader, unit_code)
);

-- A view's `current_user` is who asks, though its owner reads the table.
create view access.own_unit with (security_barrier) as
select unit_code, valid_from from access.unit_reader where reader = current_user;

-- Unit code → the days on which it names a unit of the reader's, until it names another. Runs as
-- who asks; the table is swapped by every full refresh, which a view would not survive.
create function access.own_unit_days() returns jsonb
language sql stable
set search_path = ''
as $$
    with recursive version as (
        select
            unit.*,
            lead(unit.valid_from) over (
                partition by unit.unit_code order by unit.valid_from
            ) as next_from
        from marts.dim_unit as unit
    ),

    -- the unit, by whatever name it has had since
    self as (
        select version.*
        from version
        inner join access.own_unit as mine using (unit_code, valid_from)

        union

        select version.*
        from version
        inner join self
            on
                version.unit_code = self.unit_code
                and version.valid_from = self.valid_to + 1
                and self.successor_unit_code is null
    ),

    -- what stands below it now
    below as (
        select self.* from self where self.is_current

        union

        select version.*
        from version
        inner join below
            on
                version.is_current
                and below.unit_code in (version.parent_unit_code, version.province_code)
    ),

    own as (
        select self.* from self
        union
        select below.* from below

        union

        select version.*
        from version
        inner join own
            on
                -- what became part of it
                (
                    version.successor_unit_code = own.unit_code
                    and version.valid_to + 1
                    between own.valid_from and coalesce(own.valid_to, 'infinity')
                )
                -- what it was called before
                or (
                    version.successor_unit_code is null
                    and version.unit_code = own.unit_code
                    and version.valid_to + 1 = own.valid_from
                )
                -- whatever was ever in the province
                or (own.unit_type = 'province' and version.province_code = own.unit_code)
    )

    select coalesce(jsonb_object_agg(days.unit_code, days.days::text), '{}')
    from (
        select
            own.unit_code,
            range_agg(daterange(own.valid_from, own.next_from)) as days
        from own
        group by own.unit_code
    ) as days
$$;

create function access.own_unit_codes() returns text[]
language sql stable
set search_path = ''
as $$
    select array(select jsonb_object_keys(access.own_unit_days()))
$$;
