-- which figures entered by hand a run has taken in; they are no part of the project's revision
alter table ops.transform_run add column by_hand_sha256 text;

-- the form in the order and under the headings in which it is printed
alter table published.statistical_form
    add column position smallint,
    add column part_vi text,
    add column heading_vi text,
    add column note_vi text;

-- a view keeps the columns that its table had when it was made
create or replace view published.current_statistical_form as
select t.* from published.statistical_form as t join published.current_release using (release_id);

comment on column published.statistical_form.value is
'Exact; a rate in percent; null where nobody has entered a figure';
comment on column published.statistical_form.printed_value is
'As the form prints it, cut off and not rounded';
