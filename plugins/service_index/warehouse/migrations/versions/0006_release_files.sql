-- Files are written after the release's transaction, so that a row may come late; but it stays.
create table published.release_files (
    release_id text not null references published.release_record,
    stamp smallint not null check (stamp >= 1),
    sha256sums_sha256 text not null check (sha256sums_sha256 ~ '^[0-9a-f]{64}$'),
    written_at timestamptz not null,
    primary key (release_id, stamp)
);

create trigger refuse_change before update or delete or truncate on published.release_files
for each statement execute function published.refuse_change();
alter table published.release_files enable always trigger refuse_change;

comment on table published.release_files is
'Release × stamp: which files it was published with. Files that are written again must be the same';
comment on column published.release_files.stamp is
'1 for the status at publication, 2 for a provisional release that turned final';
comment on column published.release_files.sha256sums_sha256 is
'SHA-256 of the folder''s SHA256SUMS, which has a checksum of every other file';
