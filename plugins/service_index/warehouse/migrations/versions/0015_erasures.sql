-- That somebody's data were erased: who did it, when and why, and from how many records; whose they
-- were stands nowhere.
create table ops.erasure (
    erasure_id bigint generated always as identity primary key,
    kind text not null
        check (kind in ('dossier', 'petition', 'identity_number', 'older_than')),
    landed_before timestamptz,
    erased_at timestamptz not null,
    erased_by text not null check (erased_by <> ''),
    because text not null check (because <> ''),
    landings integer not null,
    landed_records bigint not null,
    quarantined_records bigint not null,
    check ((kind = 'older_than') = (landed_before is not null))
);
create trigger refuse_change before update or delete on ops.erasure
for each statement execute function ops.refuse_change();
alter table ops.erasure enable always trigger refuse_change;

comment on table ops.erasure is
'Erasure of personal data: who did it, when, why, and from how many records; never whose';
comment on column ops.erasure.kind is
'What the records were found by; older_than: all that were landed before an instant';
