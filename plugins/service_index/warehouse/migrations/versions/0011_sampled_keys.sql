-- read by nobody since key_profile, which has the keys inside lists and their types too
alter table ops.batch
drop column sampled_keys;
