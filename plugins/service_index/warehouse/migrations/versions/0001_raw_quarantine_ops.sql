-- raw: one typed row per delivered version, append-only. Columns shared by every feed:
--   batch_id      the load that brought the row; no foreign key, which would double the time of
--                 an insert: rows are only written in the transaction that writes their batch
--   landed_at     when the bytes were landed; breaks ties between equal versions
--   landed_file, landed_line   where the bytes lie (path inside landing, 1-based record number);
--                 line 0 of a manifest where a snapshot as a whole tells it (a key that vanished)
--   content_hash  over the record's content, finds exact duplicates
create schema raw;
create schema quarantine;
create schema ops;

-- a batch is one landed window, snapshot or file of one feed; or, as kind `retry`, the records of
-- earlier batches that a run took out of quarantine: it owns no landing, and its `delivered` are
-- records that their own batch counts as quarantined
create table ops.batch (
    batch_id bigint generated always as identity primary key,
    feed text not null,
    kind text not null check (kind in ('window', 'snapshot', 'file', 'retry')),
    source text not null,
    window_from timestamptz,
    window_to timestamptz,
    landed_path text unique,
    landed_at timestamptz not null,
    manifest_sha256 text,
    source_total bigint,
    distinct_keys bigint not null,
    delivered bigint not null,
    loaded bigint not null,
    duplicates bigint not null,
    quarantined bigint not null,
    -- rule → number of records
    warnings jsonb not null default '{}',
    -- tells schema drift: top-level keys of the first 1,000 records and of every 16th after them
    sampled_keys jsonb not null default '[]',
    is_sample boolean not null default false,
    loaded_at timestamptz not null default now(),
    status text not null default 'loaded' check (status in ('loaded', 'passed', 'refused')),
    gated_at timestamptz,
    transformed_at timestamptz,
    check (delivered = loaded + duplicates + quarantined),
    check ((kind = 'window') = (window_from is not null and window_to is not null)),
    check (window_from < window_to),
    check ((kind = 'retry') = (landed_path is null)),
    check ((kind = 'retry') = (manifest_sha256 is null))
);
create index on ops.batch (feed, window_from, window_to);
create index on ops.batch (batch_id) where transformed_at is null;

-- every window that was ever asked for: what was asked and is not loaded holds the watermark back
create table ops.requested_window (
    feed text not null,
    window_from timestamptz not null,
    window_to timestamptz not null,
    requested_at timestamptz not null default now(),
    primary key (feed, window_from, window_to),
    check (window_from < window_to)
);

-- data of the feed is complete up to loaded_until; moved in the transaction of the load
create table ops.watermark (
    feed text primary key,
    loaded_until timestamptz not null
);

-- months asked for by name stay scored, also where no window covers them
create table ops.requested_month (
    period_month date primary key check (extract(day from period_month) = 1),
    requested_at timestamptz not null default now()
);

-- batches that the present transform reads beside the already transformed ones
create table ops.transform_scope (
    batch_id bigint primary key references ops.batch
);

create table ops.transform_run (
    transform_run_id bigint generated always as identity primary key,
    started_at timestamptz not null default now(),
    finished_at timestamptz,
    status text not null default 'running' check (status in ('running', 'succeeded', 'failed')),
    is_full_refresh boolean not null,
    code_revision text,
    data_cutoff timestamptz
);

create table ops.transform_model (
    transform_run_id bigint not null references ops.transform_run,
    model text not null,
    resource_type text not null,
    status text not null,
    seconds numeric not null,
    rows_affected bigint,
    message text,
    primary key (transform_run_id, model)
);

-- one row per expectation of a gate run
create table ops.gate_run (
    gate_run_id bigint generated always as identity primary key,
    gate text not null check (gate in ('batch', 'marts')),
    subject jsonb not null,
    status text not null check (status in ('passed', 'failed', 'error')),
    report_path text,
    ran_at timestamptz not null default now()
);

create table ops.check (
    gate_run_id bigint not null references ops.gate_run,
    suite text not null,
    check_name text not null,
    severity text not null check (severity in ('fail', 'warn')),
    reason text not null,
    passed boolean not null,
    observed jsonb not null default '{}',
    overridden_because text,
    primary key (gate_run_id, suite, check_name)
);

create table quarantine.record (
    record_id bigint generated always as identity primary key,
    feed text not null,
    batch_id bigint not null references ops.batch,
    landed_file text not null,
    landed_line integer not null,
    landed_at timestamptz not null,
    record_key text,
    record_version timestamptz,
    rule text not null,
    reason text not null,
    is_retryable boolean not null,
    body bytea not null,
    quarantined_at timestamptz not null default now(),
    resolved_at timestamptz,
    resolved_by_batch_id bigint references ops.batch
);
create index on quarantine.record (feed) where resolved_at is null;
create index on quarantine.record (batch_id);

create table raw.dossiers (
    dossier_id text not null,
    version_at timestamptz not null,
    is_deleted boolean not null,
    procedure_code text,
    field_code text,
    field_name text,
    unit_code text,
    channel smallint,
    applicant_kind smallint,
    state smallint,
    submitted_at timestamptz,
    received_at timestamptz,
    due_at timestamptz,
    finished_at timestamptz,
    returned_at timestamptz,
    return_method smallint,
    is_digitised boolean,
    has_in_person_step boolean,
    portal_payment_flag smallint,
    fee_due numeric not null,
    document_count integer not null,
    reused_document_count integer not null,
    supplement_count integer not null,
    result_count integer not null,
    electronic_result_count integer not null,
    shared_databases text[] not null,
    synced_to_portal_at timestamptz,
    synced_to_vault_at timestamptz,
    batch_id bigint not null,
    landed_at timestamptz not null,
    landed_file text not null,
    landed_line integer not null,
    content_hash uuid not null
);

create table raw.payments (
    payment_id text not null,
    version_at timestamptz not null,
    dossier_id text,
    method text,
    is_via_national_platform boolean,
    amount numeric,
    status text,
    paid_at timestamptz,
    batch_id bigint not null,
    landed_at timestamptz not null,
    landed_file text not null,
    landed_line integer not null,
    content_hash uuid not null
);

create table raw.petitions (
    petition_id text not null,
    version_at timestamptz not null,
    is_deleted boolean not null,
    unit_code text,
    kind smallint,
    received_at timestamptz,
    reply_due_at timestamptz,
    replied_at timestamptz,
    state smallint,
    satisfaction text,
    batch_id bigint not null,
    landed_at timestamptz not null,
    landed_file text not null,
    landed_line integer not null,
    content_hash uuid not null
);

create table raw.ratings (
    rating_id text not null,
    version_at timestamptz not null,
    is_deleted boolean not null,
    dossier_id text,
    unit_code text,
    rated_at timestamptz,
    satisfaction text,
    batch_id bigint not null,
    landed_at timestamptz not null,
    landed_file text not null,
    landed_line integer not null,
    content_hash uuid not null
);

-- snapshots: a row is written when its content differs from the snapshot before;
-- is_removed marks a key that a later snapshot no longer carries
create table raw.procedures (
    procedure_code text not null,
    unit_code text not null,
    version_at timestamptz not null,
    is_removed boolean not null,
    procedure_name text,
    field_code text,
    field_name text,
    government_level text,
    online_level smallint,
    has_fee boolean,
    is_payment_integrated boolean,
    shares_population_data boolean,
    is_content_complete boolean,
    publication_due_on date,
    published_on date,
    disclosure_due_on date,
    disclosed_on date,
    is_public boolean,
    effective_from date,
    effective_to date,
    batch_id bigint not null,
    landed_at timestamptz not null,
    landed_file text not null,
    landed_line integer not null,
    content_hash uuid not null
);

create table raw.units (
    unit_code text not null,
    valid_from date not null,
    version_at timestamptz not null,
    is_removed boolean not null,
    valid_to date,
    unit_name text,
    unit_type text,
    parent_unit_code text,
    province_code text,
    successor_unit_codes text[] not null,
    batch_id bigint not null,
    landed_at timestamptz not null,
    landed_file text not null,
    landed_line integer not null,
    content_hash uuid not null
);

create index on raw.dossiers (dossier_id, version_at);
create index on raw.dossiers (batch_id);
create index on raw.payments (payment_id, version_at);
create index on raw.payments (dossier_id);
create index on raw.payments (batch_id);
create index on raw.petitions (petition_id, version_at);
create index on raw.petitions (batch_id);
create index on raw.ratings (rating_id, version_at);
create index on raw.ratings (batch_id);
create index on raw.procedures (procedure_code, unit_code, version_at);
create index on raw.procedures (batch_id);
create index on raw.units (unit_code, valid_from, version_at);
create index on raw.units (batch_id);
