-- the dbt project, and the figures entered by hand, by their hashes: every state that made marts
create table ops.project_archive (
    sha256 text primary key,
    content bytea not null,
    kept_at timestamptz not null default now()
);

-- what a release stands on beside its source batches; null in releases made before
alter table published.release_record
add column known_at timestamptz,
add column by_hand_sha256 text;

comment on column published.release_record.known_at is
'When the last of its source batches was landed: what was known then makes it again';
comment on column published.release_record.by_hand_sha256 is
'Hash over the figures entered by hand that it was made with';
