-- superseded by key_profile, which is of the same records and has the keys inside lists too
alter table ops.batch
drop column sampled_keys;
