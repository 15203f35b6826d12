-- The marts of one month from the landed pages: what an analyst with DuckDB would write. In four
-- files, run one after the other; this one: what all need, and the units of the month.
-- Variables: landing and seeds (folders), month (its first day).

-- read_json takes a page for one object and reads it anew at every piece that it unpacks, twenty
-- times slower; so a page is read as a line of text.
create macro page(feed) as table
select body
from read_csv(
    getvariable('landing') || '/' || feed || '/*/page-*.json.zst',
    columns = {'body': 'varchar'}, auto_detect = false, header = false, compression = 'zstd',
    delim = '\x01', quote = '', escape = '', max_line_size = 33554432
);

create macro seed(name) as table
select *
from read_csv(getvariable('seeds') || '/' || name || '.csv', all_varchar = true, header = true);

create macro instant(value) as strptime(nullif(value, ''), '%Y%m%d%H%M%S');
create macro day(value) as strptime(nullif(left(value, 8), ''), '%Y%m%d')::date;
create macro procedure_code(value) as split_part(value, '.', 1) || '.' || split_part(value, '.', 2);
create macro is_valid_on(valid_from, valid_to, on_day) as
    valid_from::date <= on_day and (nullif(valid_to, '') is null or on_day <= valid_to::date);

create table period as
select
    getvariable('month')::date as period_month,
    getvariable('month')::timestamp as period_start,
    getvariable('month')::timestamp + interval '1 month' as period_end,
    last_day(getvariable('month')::date) as last_day,
    date_trunc('year', getvariable('month')::date) as year_start;

create temp table unit_version as
select
    r.MaDonVi as unit_code,
    day(r.HieuLucTu) as valid_from,
    day(r.HieuLucDen) as valid_to,
    r.TenDonVi as unit_name,
    case r.LoaiDonVi
        when 'tinh' then 'province'
        when 'so' then 'department'
        when 'huyen' then 'district'
        when 'xa' then 'commune'
        when 'nganh_doc' then 'vertical_agency'
    end as unit_type,
    nullif(r.MaDonViCha, '') as parent_code,
    nullif(r.MaTinh, '') as province_code,
    string_split(r.MaDonViKeThua, ';').list_filter(lambda code: code <> '') as successors
from (
    select unnest(from_json(body, '{"data": [{"MaDonVi": "VARCHAR", "HieuLucTu": "VARCHAR",
        "HieuLucDen": "VARCHAR", "TenDonVi": "VARCHAR", "LoaiDonVi": "VARCHAR",
        "MaDonViCha": "VARCHAR", "MaTinh": "VARCHAR", "MaDonViKeThua": "VARCHAR"}]}').data) as r
    from page('units')
);

create temp table unit_valid as
select distinct on (unit_code) unit_version.*
from unit_version, period
where valid_from <= last_day and coalesce(period_month <= valid_to, true)
order by unit_code, valid_from desc;

-- the first valid one of a code and its successors, breadth first
create temp table unit_of_code as
with recursive latest as (
    select distinct on (unit_code) unit_code, successors
    from unit_version
    order by unit_code, valid_from desc
),

walk as (
    select
        latest.unit_code as source_code,
        latest.unit_code as candidate,
        [latest.unit_code] as path,
        []::bigint[] as positions,
        valid.unit_code is not null as is_valid
    from latest
    left join unit_valid as valid using (unit_code)
    union all
    select
        walk.source_code,
        next.code,
        list_append(walk.path, next.code),
        list_append(walk.positions, next.position),
        valid.unit_code is not null
    from walk
    inner join (
        select
            unit_code,
            unnest(successors) as code,
            generate_subscripts(successors, 1) as position
        from latest
    ) as next on walk.candidate = next.unit_code
    left join unit_valid as valid on next.code = valid.unit_code
    where not walk.is_valid and not list_contains(walk.path, next.code)
)

select distinct on (source_code) source_code, candidate as unit_code
from walk
where is_valid
order by source_code, len(positions), positions;

create table dim_unit as
select
    valid.unit_code,
    valid.unit_name,
    valid.unit_type,
    nullif(parent.unit_code, valid.unit_code) as parent_code,
    case
        when valid.unit_type = 'province' then valid.unit_code
        else coalesce(province.unit_code, of_parent.unit_code)
    end as province_code
from unit_valid as valid
left join unit_of_code as parent on valid.parent_code = parent.source_code
left join unit_of_code as province on valid.province_code = province.source_code
left join unit_valid as parent_unit on parent.unit_code = parent_unit.unit_code
left join unit_of_code as of_parent on parent_unit.province_code = of_parent.source_code;

-- where the records of a code count: a unit, or only its province
create temp table resolution as
select
    latest.unit_code as source_code,
    coalesce(unit.unit_code, province.unit_code) as unit_code,
    coalesce(unit.province_code, province.unit_code) as province_code
from (
    select distinct on (unit_code) unit_code, province_code
    from unit_version
    order by unit_code, valid_from desc
) as latest
left join unit_of_code as led on latest.unit_code = led.source_code
left join dim_unit as unit on led.unit_code = unit.unit_code
left join unit_of_code as province on latest.province_code = province.source_code
where coalesce(unit.unit_code, province.unit_code) is not null;

-- a unit counts its own records, a province everything under it
create temp table counting as
select unit_code, source_code, coalesce(unit_code = province_code, false) as counts_codes
from resolution
union
select province_code, source_code, true
from resolution
where province_code is not null;

-- compliance covers the unit and everything under it
create temp table descendant as
with recursive chain as (
    select unit_code as descendant, unit_code, parent_code, 0 as steps from dim_unit
    union all
    select chain.descendant, parent.unit_code, parent.parent_code, chain.steps + 1
    from chain
    inner join dim_unit as parent on chain.parent_code = parent.unit_code
    where chain.steps < 6
)

select unit_code, descendant from chain
union
select province_code, unit_code from dim_unit where province_code is not null;
