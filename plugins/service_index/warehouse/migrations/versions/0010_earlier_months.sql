create table published.release_earlier_month (
    release_id text not null references published.release_record,
    earlier_release_id text not null references published.release_record,
    primary key (release_id, earlier_release_id)
);

-- of releases made before: by the order in which they were pointed at
insert into published.release_earlier_month (release_id, earlier_release_id)
select distinct on (r.release_id, p.period) r.release_id, p.release_id
from published.release_record as r
join published.release_pointer as p on p.kind = 'monthly' and p.period < r.period
join published.release_record as earlier on earlier.release_id = p.release_id
where
    r.kind = 'monthly'
    and earlier.province_code = r.province_code
    and p.pointer_id < (
        select min(pointer_id) from published.release_pointer where release_id = r.release_id
    )
order by r.release_id, p.period, p.pointer_id desc;

create trigger refuse_change
before update or delete or truncate on published.release_earlier_month
for each statement execute function published.refuse_change();
alter table published.release_earlier_month enable always trigger refuse_change;

create or replace view published.earlier_month as
select e.release_id, e.earlier_release_id
from published.release_earlier_month as e
join published.release_record as r on r.release_id = e.release_id
join published.release_record as earlier on earlier.release_id = e.earlier_release_id
where left(earlier.period, 4) = left(r.period, 4);

create or replace view published.public_letter_figure as
select
    t.release_id,
    t.period_month,
    t.province_code,
    t.row_code,
    t.position,
    t.label_vi,
    t.criterion_code,
    case when not cell.is_hidden then t.value end as value,
    t.out_of,
    case when not cell.is_hidden then t.printed_value end as printed_value,
    case when c.status = 'suspended' then 'suspended' else c.withheld end as withheld
from published.letter_figure as t
left join published.public_criterion_score as c
    on
        c.release_id = t.release_id
        and c.unit_code = t.province_code
        and c.criterion_code = t.criterion_code
cross join lateral (
    select c.withheld is not null or coalesce(c.status = 'suspended', false) as is_hidden
) as cell;

comment on table published.release_earlier_month is
'Release × earlier month: the release that stood for that month when it was made';
