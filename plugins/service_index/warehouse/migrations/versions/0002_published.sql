-- published: immutable releases. A release is written in one transaction together with the
-- pointer that makes it current; afterwards nothing changes a row of it. What does change,
-- a release's status and which release is current, is a row added to a log.
create schema published;

create table published.release_record (
    release_id text primary key,
    kind text not null check (kind in ('monthly', 'statistical_form')),
    period text not null,
    province_code text not null,
    revision integer not null check (revision >= 1),
    previous_release_id text references published.release_record,
    reason text check (reason in ('late_data', 'source_correction', 'method', 'our_error')),
    created_at timestamptz not null,
    catalogue_version text,
    content_sha256 text not null check (content_sha256 ~ '^[0-9a-f]{64}$'),
    code_revision text not null,
    is_sample boolean not null,
    created_in_transaction xid8 not null default pg_current_xact_id(),
    unique (period, revision),
    check (release_id = period || '.r' || revision),
    check ((revision = 1) = (reason is null)),
    check ((revision = 1) = (previous_release_id is null)),
    check (kind <> 'monthly' or catalogue_version is not null)
);

create table published.release_status (
    status_id bigint generated always as identity primary key,
    release_id text not null references published.release_record,
    status text not null check (status in ('provisional', 'final', 'revised', 'suspended')),
    data_cutoff timestamptz not null,
    recorded_at timestamptz not null
);
create index on published.release_status (release_id, status_id);

create table published.release_pointer (
    pointer_id bigint generated always as identity primary key,
    kind text not null,
    period text not null,
    release_id text not null references published.release_record,
    pointed_at timestamptz not null
);
create index on published.release_pointer (kind, period, pointer_id);

create table published.monthly_score (
    release_id text not null,
    period_month date not null,
    province_code text not null,
    unit_code text not null,
    unit_name text,
    unit_type text not null,
    transparency numeric,
    transparency_max numeric,
    timeliness numeric,
    timeliness_max numeric,
    online_service numeric,
    online_service_max numeric,
    online_payment numeric,
    online_payment_max numeric,
    digitisation numeric,
    digitisation_max numeric,
    satisfaction numeric,
    satisfaction_max numeric,
    raw_points numeric,
    applicable_max_points numeric,
    total_score numeric,
    band text,
    ranking_status text,
    rank bigint,
    rank_out_of bigint,
    previous_rank bigint,
    is_series_break boolean,
    primary key (release_id, unit_code)
);

create table published.criterion_score (
    release_id text not null,
    period_month date not null,
    province_code text not null,
    unit_code text not null,
    unit_type text not null,
    criterion_code text not null,
    group_code text not null,
    catalogue_version text not null,
    numerator bigint,
    denominator bigint,
    rate numeric,
    max_points numeric,
    score numeric,
    status text not null,
    primary key (release_id, unit_code, criterion_code)
);

create table published.target_compliance (
    release_id text not null,
    period_month date not null,
    basis text not null,
    metric_code text not null,
    unit_code text not null,
    field_code text not null,
    numerator bigint,
    denominator bigint,
    rate numeric,
    target_rate numeric,
    is_compliant boolean,
    shortfall bigint,
    primary key (release_id, unit_code, metric_code, basis, field_code)
);

create table published.national_ranking (
    release_id text not null,
    period_month date not null,
    province_code text not null,
    province_name text,
    transparency numeric,
    timeliness numeric,
    online_service numeric,
    online_payment numeric,
    digitisation numeric,
    satisfaction numeric,
    total_score numeric,
    rank bigint,
    rank_out_of bigint,
    rank_transparency bigint,
    rank_timeliness bigint,
    rank_online_service bigint,
    rank_online_payment bigint,
    rank_digitisation bigint,
    rank_satisfaction bigint,
    computed_rank bigint,
    primary key (release_id, province_code)
);

create table published.statistical_form (
    release_id text not null,
    period text not null,
    province_code text not null,
    row_code text not null,
    label_vi text not null,
    unit_of_measure text,
    value numeric,
    printed_value text,
    origin text not null check (origin in ('computed', 'by_hand')),
    primary key (release_id, province_code, row_code)
);

create table published.change (
    release_id text not null,
    relation text not null,
    key text not null,
    column_name text not null,
    old_value text,
    new_value text,
    cause text not null,
    primary key (release_id, relation, key, column_name),
    check (old_value is distinct from new_value)
);

create function published.refuse_change() returns trigger language plpgsql as $$
begin
    raise exception using
        errcode = 'object_not_in_prerequisite_state',
        message = 'published.' || tg_table_name || ' is append-only, ' || lower(tg_op)
            || ' refused';
end
$$;

-- Also stands in for a foreign key to release_record: one check a statement, not one a row.
create function published.refuse_late_row() returns trigger language plpgsql as $$
declare
    sealed text;
begin
    select a.release_id into sealed
    from (select distinct release_id from added) as a
    where not exists (
        select from published.release_record as r
        where r.release_id = a.release_id
            and r.created_in_transaction = pg_current_xact_id()
    )
    limit 1;
    if found then
        raise exception using
            errcode = 'object_not_in_prerequisite_state',
            message = 'release ' || sealed || ' is not being made in this transaction, '
                || 'published.' || tg_table_name || ' takes no row of it';
    end if;
    return null;
end
$$;

do $$
declare
    relation text;
begin
    foreach relation in array array[
        'release_record', 'release_status', 'release_pointer', 'monthly_score',
        'criterion_score', 'target_compliance', 'national_ranking', 'statistical_form', 'change'
    ] loop
        execute 'create trigger refuse_change before update or delete or truncate on published.'
            || relation || ' for each statement execute function published.refuse_change()';
        -- "always": also in a session that replays as a replica
        execute 'alter table published.' || relation || ' enable always trigger refuse_change';
    end loop;
    foreach relation in array array[
        'monthly_score', 'criterion_score', 'target_compliance', 'national_ranking',
        'statistical_form', 'change'
    ] loop
        execute 'create trigger refuse_late_row after insert on published.' || relation
            || ' referencing new table as added'
            || ' for each statement execute function published.refuse_late_row()';
    end loop;
end
$$;

create view published.release as
select
    r.release_id,
    r.kind,
    r.period,
    r.province_code,
    r.revision,
    s.status,
    r.reason,
    r.created_at,
    r.catalogue_version,
    s.data_cutoff,
    r.content_sha256,
    p.release_id is not null as is_current,
    s.recorded_at as status_since,
    r.previous_release_id,
    r.code_revision,
    r.is_sample
from published.release_record as r
cross join lateral (
    select l.status, l.data_cutoff, l.recorded_at
    from published.release_status as l
    where l.release_id = r.release_id
    order by l.status_id desc
    limit 1
) as s
left join (
    select distinct on (kind, period) release_id
    from published.release_pointer
    order by kind, period, pointer_id desc
) as p on p.release_id = r.release_id;

create view published.current_release as
select * from published.release where is_current;

create view published.current_monthly_score as
select t.* from published.monthly_score as t join published.current_release using (release_id);

create view published.current_criterion_score as
select t.* from published.criterion_score as t join published.current_release using (release_id);

create view published.current_target_compliance as
select t.* from published.target_compliance as t join published.current_release using (release_id);

create view published.current_national_ranking as
select t.* from published.national_ranking as t join published.current_release using (release_id);

create view published.current_statistical_form as
select t.* from published.statistical_form as t join published.current_release using (release_id);

create view published.current_change as
select t.* from published.change as t join published.current_release using (release_id);

comment on schema published is
'Immutable releases; read the current_ views, or one release_id of the tables';
comment on table published.release_record is
'One row a release: what never changes about it. Read the view release';
comment on column published.release_record.created_in_transaction is
'Only the transaction that makes a release may add rows to it';
comment on table published.release_status is
'Log: each status a release was given; the newest row holds. Its first row is the status at publication';
comment on column published.release_status.data_cutoff is
'The end of complete data when the status was given';
comment on table published.release_pointer is
'Log: which release of a kind and period is current; the newest row holds';
comment on view published.release is
'One row a release, with its present status and cut-off and whether it is the current one of its period';
comment on column published.release.release_id is 'Period and revision, such as 2025-03.r1';
comment on column published.release.reason is
'Why it restates the release before it; null for the first';
comment on column published.release.content_sha256 is
'Over the keys and numbers alone: not the id, the clock, the cut-off or the names';
comment on column published.release.is_sample is
'Made from the sample source: to be shown as DỮ LIỆU MẪU';
comment on table published.monthly_score is 'Release × unit, as marts.mart_monthly_score';
comment on table published.criterion_score is
'Release × unit × criterion, as marts.fct_criterion_score';
comment on table published.target_compliance is
'Release × basis × metric × unit × field, as marts.mart_target_compliance';
comment on table published.national_ranking is
'Release × province, as marts.mart_national_ranking';
comment on table published.statistical_form is
'Release × province × row of the form, as marts.mart_statistical_form';
comment on table published.change is
'Release × relation × key × column: every value that differs from the release before it';
comment on column published.change.key is
'The row''s key without its period, such as unit_code=H31.01, criterion_code=05';
comment on column published.change.old_value is
'Null where the value was missing or the row is new';
comment on column published.change.new_value is
'Null where the value is missing now or the row is gone';
comment on view published.current_release is 'The current release of each kind and period';
comment on view published.current_monthly_score is 'monthly_score of the current releases';
comment on view published.current_criterion_score is 'criterion_score of the current releases';
comment on view published.current_target_compliance is
'target_compliance of the current releases';
comment on view published.current_national_ranking is
'national_ranking of the current releases';
comment on view published.current_statistical_form is
'statistical_form of the current releases';
comment on view published.current_change is
'What the current releases changed against the ones before them';
