-- what a release says of its origin: its province's name then, and the batches behind it
alter table published.release_record
    add column province_name text,
    add column source_batches jsonb not null default '[]';

-- why a release is suspended
alter table published.release_status add column because text;

create table published.compliance_cause (
    release_id text not null,
    period_month date not null,
    unit_code text not null,
    cause text not null,
    dossiers_failing bigint,
    dossiers_failing_only bigint,
    primary key (release_id, unit_code, cause)
);

create table published.national_average (
    release_id text not null,
    period_month date not null,
    group_code text not null,
    average_score numeric,
    max_points numeric,
    province_count bigint,
    primary key (release_id, group_code)
);

create table published.letter_figure (
    release_id text not null,
    period_month date not null,
    province_code text not null,
    row_code text not null,
    label_vi text,
    criterion_code text,
    position smallint,
    value numeric,
    out_of numeric,
    printed_value text,
    primary key (release_id, province_code, row_code)
);

create table published.criterion (
    release_id text not null,
    period_month date not null,
    criterion_code text not null,
    catalogue_version text not null,
    group_code text not null,
    official_number text,
    official_subheading text,
    name_vi text not null,
    name_en text not null,
    max_points numeric not null,
    basis text not null,
    applies_to text not null,
    target_rate numeric not null,
    numerator_vi text not null,
    numerator_en text not null,
    denominator_vi text not null,
    denominator_en text not null,
    counts text not null,
    lead_unit text,
    cooperating_units text,
    suspended_because text,
    primary key (release_id, criterion_code)
);

create table published.unit (
    release_id text not null,
    period_month date not null,
    unit_code text not null,
    unit_name text,
    unit_type text not null,
    parent_unit_code text,
    province_code text,
    former_unit_code text,
    former_unit_name text,
    primary key (release_id, unit_code)
);

create table published.field (
    release_id text not null,
    period_month date not null,
    field_code text not null,
    field_name text not null,
    primary key (release_id, field_code)
);

create table published.form_check (
    release_id text not null,
    period text not null,
    province_code text not null,
    identity text not null,
    position integer not null,
    description_vi text not null,
    formula text not null,
    left_value numeric,
    right_value numeric,
    difference numeric,
    holds boolean,
    primary key (release_id, province_code, identity)
);

do $$
declare
    relation text;
begin
    foreach relation in array array[
        'compliance_cause', 'national_average', 'letter_figure', 'criterion', 'unit', 'field',
        'form_check'
    ] loop
        execute 'create trigger refuse_change before update or delete or truncate on published.'
            || relation || ' for each statement execute function published.refuse_change()';
        execute 'alter table published.' || relation || ' enable always trigger refuse_change';
        execute 'create trigger refuse_late_row after insert on published.' || relation
            || ' referencing new table as added'
            || ' for each statement execute function published.refuse_late_row()';
        execute 'create view published.current_' || relation || ' as select t.* from published.'
            || relation || ' as t join published.current_release using (release_id)';
        execute format(
            'comment on view published.%I is %L', 'current_' || relation,
            relation || ' of the current releases'
        );
    end loop;
end
$$;

comment on column published.release_record.source_batches is
'The batches behind it by feed: how many, their records, the end of their windows, a hash over them';
comment on table published.compliance_cause is
'Release × unit × cause, as marts.mart_compliance_cause';
comment on table published.national_average is
'Release × group (and total), as marts.mart_national_average';
comment on table published.letter_figure is
'Release × province × figure of the letter, as marts.mart_letter_figure';
comment on table published.criterion is
'Release × criterion: the catalogue it was scored by, as marts.mart_release_criterion';
comment on table published.unit is 'Release × unit, as marts.mart_release_unit';
comment on table published.field is
'Release × field of procedures: what field codes mean, as marts.mart_release_field';
comment on table published.form_check is
'Release × province × identity of the form, as marts.mart_form_check';
