-- What is wrong and not mended yet. One row from the first sight of a trouble to its end, however
-- often it is met; a message goes out when it begins and when it is over.
create table ops.incident (
    incident_id bigint generated always as identity primary key,
    -- The same trouble has the same key: a task of a DAG and its month, a feed.
    key text not null,
    headline text not null,
    what text not null,
    blocks text not null,
    cure text not null,
    runbook_section text not null,
    occurrences integer not null default 1,
    -- the runs of DAGs that met it last, the newest first
    runs text[] not null default '{}',
    opened_at timestamptz not null default now(),
    last_seen_at timestamptz not null default now(),
    told_at timestamptz,
    closed_at timestamptz,
    end_told_at timestamptz,
    check (occurrences > 0),
    check (end_told_at is null or closed_at is not null)
);

create unique index incident_open_key on ops.incident (key) where closed_at is null;
