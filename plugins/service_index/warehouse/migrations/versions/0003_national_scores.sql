-- a batch may also be one month of the national portal's results: it has a month, no window, so
-- that it moves no watermark and covers no day of the dossier feeds
alter table ops.batch
    add column period_month date check (extract(day from period_month) = 1),
    drop constraint batch_kind_check,
    add constraint batch_kind_check
        check (kind in ('window', 'snapshot', 'file', 'retry', 'month')),
    add check ((kind = 'month') = (period_month is not null));

-- what the portal shows of a province in a month, its columns named and numbered as delivered:
-- which of them is which group of criteria is data (seed national_portal_columns). A row is written
-- when it differs from what stands; version_at is when it was landed; is_removed marks a province
-- that a later import of the month no longer holds (line 0 of the manifest that tells)
create table raw.national_scores (
    period_month date not null,
    province_code text not null,
    version_at timestamptz not null,
    is_removed boolean not null,
    rank integer not null,
    ckmb numeric not null,
    tdgq numeric not null,
    clgq numeric not null,
    tttt numeric not null,
    mdhl numeric not null,
    mdsh numeric not null,
    tong_score numeric not null,
    batch_id bigint not null,
    landed_at timestamptz not null,
    landed_file text not null,
    landed_line integer not null,
    content_hash uuid not null
);
create index on raw.national_scores (period_month, province_code, version_at);
create index on raw.national_scores (batch_id);
