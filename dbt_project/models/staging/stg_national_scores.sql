with latest as (
    {{ latest_versions(source('raw', 'national_scores'), ['period_month', 'province_code']) }}
),

by_column as (
    select
        latest.period_month,
        latest.province_code,
        latest.rank,
        portal.column_name,
        portal.points
    from latest
    cross join lateral (
        values
        ('CKMB', latest.ckmb),
        ('TDGQ', latest.tdgq),
        ('CLGQ', latest.clgq),
        ('TTTT', latest.tttt),
        ('MDHL', latest.mdhl),
        ('MDSH', latest.mdsh),
        ('TONG_SCORE', latest.tong_score)
    ) as portal (column_name, points)
    where not latest.is_removed
)

-- a group is shown by one column on a day, so there is nothing to choose from
select
    by_column.period_month,
    by_column.province_code,
    by_column.rank,
    {% for group in criterion_groups() -%}
        max(by_column.points) filter (where mapping.group_code = '{{ group }}') as {{ group }},
    {% endfor -%}
    max(by_column.points) filter (where mapping.group_code = 'total') as total_score
from by_column
inner join {{ ref('national_portal_columns') }} as mapping
    on
        by_column.column_name = mapping.column_name
        and {{ is_valid_on('mapping', last_day_of('by_column.period_month')) }}
group by by_column.period_month, by_column.province_code, by_column.rank
