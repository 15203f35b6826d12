-- Small cells. Fewer than five people behind a share, or behind the difference of two revisions
-- of it: its counts and its rate are not for the public (`withheld`); scores, totals and ranks are.
create function published.is_small(cell bigint) returns boolean
language sql immutable parallel safe
return abs(cell) between 1 and 4;

-- What two revisions of a share tell of the people between them.
create function published.is_small_difference(
    numerator bigint, denominator bigint, was_numerator bigint, was_denominator bigint
) returns boolean
language sql immutable parallel safe
return published.is_small(denominator - was_denominator)
    or denominator = was_denominator and published.is_small(numerator - was_numerator);

-- The earlier revisions that a reader can subtract from a release.
create view published.earlier_revision as
select r.release_id, earlier.release_id as earlier_release_id
from published.release_record as r
join published.release_record as earlier
    on earlier.period = r.period and earlier.revision < r.revision;

create view published.public_criterion_score as
select
    t.release_id,
    t.period_month,
    t.province_code,
    t.unit_code,
    t.unit_type,
    t.criterion_code,
    t.group_code,
    t.catalogue_version,
    case when not cell.is_withheld then t.numerator end as numerator,
    case when not cell.is_withheld then t.denominator end as denominator,
    case when not cell.is_withheld then t.rate end as rate,
    t.max_points,
    t.score,
    t.status,
    case when cell.is_withheld then 'n<5' end as withheld
from published.criterion_score as t
left join published.criterion as c using (release_id, criterion_code)
cross join lateral (
    select
        coalesce(c.counts, 'dossiers') <> 'procedures'
        and coalesce(
            published.is_small(t.denominator)
            -- The province's own figures are the ones that its letters quote.
            or t.unit_type <> 'province' and t.denominator > 0 and exists (
                select
                from published.earlier_revision as e
                join published.criterion_score as was on was.release_id = e.earlier_release_id
                where
                    e.release_id = t.release_id
                    and was.unit_code = t.unit_code
                    and was.criterion_code = t.criterion_code
                    and published.is_small_difference(
                        t.numerator, t.denominator, was.numerator, was.denominator
                    )
            ),
            false
        ) as is_withheld
) as cell;

-- The latest release of each earlier month of the year, as it was when a release was made.
create view published.earlier_month as
select distinct on (r.release_id, earlier.period)
    r.release_id,
    earlier.release_id as earlier_release_id
from published.release_record as r
join published.release_record as earlier
    on earlier.kind = 'monthly'
    and r.kind = 'monthly'
    and left(earlier.period, 4) = left(r.period, 4)
    and earlier.period < r.period
    and earlier.created_at <= r.created_at
order by r.release_id, earlier.period, earlier.revision desc;

-- Counts are shown of all fields together and of fields with a target of their own. The other fields
-- show their rate alone, in whole percent: their counts could be had from one another by
-- subtraction, from the total, from month to month and from revision to revision.
create view published.public_target_compliance as
with cell as (
    select
        t.*,
        f.field_name,
        u.unit_type = 'province' and t.field_code = '*' as is_of_whole_province,
        t.field_code = '*' or t.target_rate is not null as shows_counts,
        max(t.denominator) filter (where t.field_code = '*') over (
            partition by t.release_id, t.unit_code, t.metric_code, t.basis
        ) as of_all_fields
    from published.target_compliance as t
    left join published.unit as u using (release_id, unit_code)
    left join published.field as f using (release_id, field_code)
),

judged as (
    select
        t.*,
        coalesce(
            published.is_small(t.denominator)
            or t.shows_counts
            and (
                published.is_small(t.of_all_fields - t.denominator)
                or not coalesce(t.is_of_whole_province, false)
                and t.denominator > 0
                and exists (
                    select
                    from published.earlier_revision as e
                    join published.target_compliance as was
                        on was.release_id = e.earlier_release_id
                    where
                        e.release_id = t.release_id
                        and was.unit_code = t.unit_code
                        and was.metric_code = t.metric_code
                        and was.basis = t.basis
                        and was.field_code = t.field_code
                        and published.is_small_difference(
                            t.numerator, t.denominator, was.numerator, was.denominator
                        )
                )
                -- A year less the months that are shown is what the others had.
                or t.basis = 'year_to_date' and published.is_small((
                    select sum(m.denominator)::bigint
                    from published.target_compliance as m
                    where
                        m.release_id in (
                            select t.release_id
                            union all
                            select e.earlier_release_id
                            from published.earlier_month as e
                            where e.release_id = t.release_id
                        )
                        and m.unit_code = t.unit_code
                        and m.metric_code = t.metric_code
                        and m.basis = 'month'
                        and m.field_code = t.field_code
                        and published.is_small(m.denominator)
                ))
            ),
            false
        ) as is_withheld
    from cell as t
)

select
    release_id,
    period_month,
    basis,
    metric_code,
    unit_code,
    field_code,
    field_name,
    case when shows_counts and not is_withheld then numerator end as numerator,
    case when shows_counts and not is_withheld then denominator end as denominator,
    case when not is_withheld then case when shows_counts then rate else round(rate, 2) end end
        as rate,
    target_rate,
    case when field_code = '*' or not is_withheld then is_compliant end as is_compliant,
    case when shows_counts and not is_withheld then shortfall end as shortfall,
    case when is_withheld then 'n<5' end as withheld
from judged;

-- Causes are shares of the dossiers that the unit resolved in the month.
create view published.public_compliance_cause as
with cell as (
    select t.*, resolved.denominator as resolved, resolved.withheld as total_withheld, u.unit_type
    from published.compliance_cause as t
    left join published.unit as u using (release_id, unit_code)
    left join published.public_target_compliance as resolved
        on
            resolved.release_id = t.release_id
            and resolved.unit_code = t.unit_code
            and resolved.metric_code = 'end_to_end_online'
            and resolved.basis = 'month'
            and resolved.field_code = '*'
),

judged as (
    select
        t.*,
        t.total_withheld is not null
        or coalesce(t.unit_type, '') <> 'province'
        and exists (
            select
            from published.earlier_revision as e
            join published.compliance_cause as was on was.release_id = e.earlier_release_id
            join published.target_compliance as had
                on
                    had.release_id = e.earlier_release_id
                    and had.unit_code = t.unit_code
                    and had.metric_code = 'end_to_end_online'
                    and had.basis = 'month'
                    and had.field_code = '*'
            where
                e.release_id = t.release_id
                and was.unit_code = t.unit_code
                and was.cause = t.cause
                and (
                    published.is_small_difference(
                        t.dossiers_failing, t.resolved, was.dossiers_failing, had.denominator
                    )
                    or published.is_small_difference(
                        t.dossiers_failing_only, t.resolved, was.dossiers_failing_only,
                        had.denominator
                    )
                )
        ) as is_withheld
    from cell as t
)

select
    release_id,
    period_month,
    unit_code,
    cause,
    case when not is_withheld then dossiers_failing end as dossiers_failing,
    case when not is_withheld then dossiers_failing_only end as dossiers_failing_only,
    case when is_withheld then 'n<5' end as withheld
from judged;

create view published.public_letter_figure as
select
    t.release_id,
    t.period_month,
    t.province_code,
    t.row_code,
    t.position,
    t.label_vi,
    t.criterion_code,
    case when c.withheld is null then t.value end as value,
    t.out_of,
    case when c.withheld is null then t.printed_value end as printed_value,
    case when c.status = 'suspended' then 'suspended' else c.withheld end as withheld
from published.letter_figure as t
left join published.public_criterion_score as c
    on
        c.release_id = t.release_id
        and c.unit_code = t.province_code
        and c.criterion_code = t.criterion_code;

-- A change shows what it changed from and to, so that it is withheld where either is; what shows no
-- counts shows no change of them.
create view published.public_change as
with hidden_cell as not materialized (
    select
        release_id,
        'criterion_score' as relation,
        'unit_code=' || unit_code || ', criterion_code=' || criterion_code as key,
        unnest(array['numerator', 'denominator', 'rate']) as column_name,
        false as is_dropped
    from published.public_criterion_score
    where withheld is not null
    union all
    select
        release_id,
        'target_compliance',
        'basis=' || basis || ', metric_code=' || metric_code || ', unit_code=' || unit_code
            || ', field_code=' || field_code,
        unnest(
            array['numerator', 'denominator', 'rate', 'shortfall']
                || case when field_code <> '*' then array['is_compliant'] else '{}' end
        ),
        field_code <> '*' and target_rate is null
    from published.public_target_compliance
    where withheld is not null or field_code <> '*' and target_rate is null
    union all
    select
        release_id,
        'compliance_cause',
        'unit_code=' || unit_code || ', cause=' || cause,
        unnest(array['dossiers_failing', 'dossiers_failing_only']),
        false
    from published.public_compliance_cause
    where withheld is not null
    union all
    select
        release_id,
        'letter_figure',
        'province_code=' || province_code || ', row_code=' || row_code,
        unnest(array['value', 'printed_value']),
        false
    from published.public_letter_figure
    where withheld = 'n<5'
),

-- by release, so that one release is asked for its own cells and those of the one before alone
hidden as (
    select release_id, relation, key, column_name, bool_or(is_dropped) as is_dropped
    from (
        select r.release_id, h.relation, h.key, h.column_name, h.is_dropped
        from published.release_record as r
        cross join lateral (select * from hidden_cell where release_id = r.release_id) as h
        union all
        select r.release_id, h.relation, h.key, h.column_name, h.is_dropped
        from published.release_record as r
        cross join lateral (
            select * from hidden_cell where release_id = r.previous_release_id
        ) as h
    ) as of_both
    group by release_id, relation, key, column_name
)

select
    t.release_id,
    t.relation,
    t.key,
    t.column_name,
    case when h.release_id is null then t.old_value end as old_value,
    case when h.release_id is null then t.new_value end as new_value,
    t.cause,
    case when h.release_id is not null then 'n<5' end as withheld
from published.change as t
left join hidden as h using (release_id, relation, key, column_name)
where h.is_dropped is not true;

comment on function published.is_small is 'Whether a count is of one to four people';
comment on function published.is_small_difference is
'Whether two revisions of a share differ by one to four people, or tell of so many that changed';
comment on view published.earlier_month is
'Release × earlier month of its year: the release of that month when it was made';
comment on view published.earlier_revision is
'Release × earlier revision of its period: what can be subtracted from it';
comment on view published.public_criterion_score is
'criterion_score as the public may see it; withheld says why counts and rate are missing';
comment on view published.public_target_compliance is
'target_compliance as the public may see it; withheld says why counts and rate are missing';
comment on view published.public_compliance_cause is
'compliance_cause as the public may see it; withheld says why counts are missing';
comment on view published.public_letter_figure is
'letter_figure as it may be printed; withheld: n<5, or suspended with its criterion';
comment on view published.public_change is
'change as the public may see it: without the values that are withheld before or after';
