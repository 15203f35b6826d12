-- `marts` is not there before the first transform.
set local check_function_bodies = off;

-- dbt may make none itself.
create schema if not exists catalogue;
create schema if not exists staging;
create schema if not exists intermediate;
create schema if not exists marts;

-- Whose dossiers a login may read: its own unit's, and those of what stands below it.
create schema access;

create table access.unit_reader (
    reader name not null,
    unit_code text not null,
    primary key (reader, unit_code)
);

-- A view's `current_user` is who asks, though its owner reads the table.
create view access.own_unit with (security_barrier) as
select unit_code from access.unit_reader where reader = current_user;

-- Unit code → the days on which it names a unit of the reader's: codes were used again in 2025, so
-- that a code alone does not name a unit. Runs as who asks; the table is swapped by every full
-- refresh, which a view would not survive.
create function access.own_unit_days() returns jsonb
language sql stable
set search_path = ''
as $$
    with recursive own as (
        select unit.unit_code, unit.valid_from, unit.valid_to, unit.is_current
        from marts.dim_unit as unit
        where unit.is_current and unit.unit_code in (select mine.unit_code from access.own_unit as mine)

        union

        select unit.unit_code, unit.valid_from, unit.valid_to, unit.is_current
        from marts.dim_unit as unit
        inner join own
            on
                -- what is below it now
                (
                    unit.is_current and own.is_current
                    and own.unit_code in (unit.parent_unit_code, unit.province_code)
                )
                -- what has become part of it
                or (
                    unit.successor_unit_code = own.unit_code
                    and unit.valid_to < coalesce(own.valid_to, 'infinity')
                )
                -- what it was before it was renamed
                or (
                    unit.successor_unit_code is null
                    and unit.unit_code = own.unit_code
                    and unit.valid_to < own.valid_from
                )
    )

    select coalesce(jsonb_object_agg(days.unit_code, days.days::text), '{}')
    from (
        select
            own.unit_code,
            range_agg(daterange(own.valid_from, own.valid_to, '[]')) as days
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
