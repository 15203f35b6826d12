-- key_profile   of the sampled records: how many they are, and for every key how many values of which
--               JSON type it had. {"records": 2, "keys": {"MaHoSo": {"string": 2}}}; a key inside a
--               list is called `List[].key`, the list's items themselves `List[]`
-- key_drift     what the batch gate found beside the earlier batches, in words:
--               {"added": [...], "removed": [...], "retyped": [...]}
alter table ops.batch
add column key_profile jsonb not null default '{}',
add column key_drift jsonb not null default '{}';
