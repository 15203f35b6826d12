-- a batch may also be records that people mended: it has a landing of its own, so that a warehouse
-- rebuilt from the landing has them again, and like `retry` its `delivered` are records that their
-- first batch counts as quarantined
alter table ops.batch
    drop constraint batch_kind_check,
    add constraint batch_kind_check
        check (kind in ('window', 'snapshot', 'file', 'retry', 'month', 'mend'));

-- by where it lies, a record keeps its name in a warehouse that is rebuilt
create index on quarantine.record (landed_file, landed_line);

create function ops.refuse_change() returns trigger language plpgsql as $$
begin
    raise exception using
        errcode = 'object_not_in_prerequisite_state',
        message = 'ops.' || tg_table_name || ' is append-only, ' || lower(tg_op) || ' refused';
end
$$;

-- who mended the records of a batch, and why; with the rule, where it was done by one
create table ops.mend (
    batch_id bigint primary key references ops.batch,
    mended_at timestamptz not null,
    mended_by text not null check (mended_by <> ''),
    because text not null check (because <> ''),
    refused_rule text,
    field text,
    from_value text,
    to_value text,
    check (num_nulls(refused_rule, field, from_value, to_value) in (0, 4))
);
-- truncate is let through: it empties the whole ledger, before a rebuild from the landing
create trigger refuse_change before update or delete on ops.mend
for each statement execute function ops.refuse_change();
alter table ops.mend enable always trigger refuse_change;

comment on table ops.mend is
'Batch of mended records: who mended them, when and why';
comment on column ops.mend.refused_rule is
'The rule that had refused the records, where they were mended by a rule and not by hand';
comment on column ops.mend.field is 'The field that the rule changed; never one of personal data';

-- what was in quarantine when a release was made; releases made before have no row
create table published.release_quarantine (
    release_id text primary key references published.release_record,
    -- [{"feed", "rule", "records"}], in that order
    records jsonb not null check (jsonb_typeof(records) = 'array')
);
create trigger refuse_change before update or delete or truncate on published.release_quarantine
for each statement execute function published.refuse_change();
alter table published.release_quarantine enable always trigger refuse_change;

comment on table published.release_quarantine is
'Release: how many records were in quarantine, and so in none of its numbers, when it was made';
comment on column published.release_quarantine.records is
'Counts by feed and by the rule that refused the records';
