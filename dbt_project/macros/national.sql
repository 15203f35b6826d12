{#- The last day of a month, by whose catalogue its national results are read. -#}
{%- macro last_day_of(month) -%}
    ({{ next_month(month) }} - 1)
{%- endmacro -%}


{#- A row's points by group, and its total, as rows (group_code, points) aliased `shown`; joined
    laterally to the relation aliased `row`. -#}
{%- macro points_as_rows(row, total) -%}
    cross join lateral (
        values
        {% for group in criterion_groups() -%}
        ('{{ group }}', {{ row }}.{{ group }}),
        {% endfor -%}
        ('total', {{ row }}.{{ total }})
    ) as shown (group_code, points)
{%- endmacro -%}


{#- Whether the row of mart_monthly_score aliased `score` is that of a province whose dossiers the
    warehouse holds: one that has only procedures or petitions here, as a neighbour that merged
    later may, cannot stand beside the portal's. -#}
{%- macro is_held_province(score) -%}
    (
        {{ score }}.unit_type = 'province'
        and exists (
            select 1
            from {{ ref('fct_criterion_score') }} as criterion
            inner join {{ ref('ranking_criteria') }} as ranking
                on
                    criterion.criterion_code = ranking.criterion_code
                    and {{ is_valid_on('ranking', last_day_of(score ~ '.period_month')) }}
            where
                criterion.period_month = {{ score }}.period_month
                and criterion.unit_code = {{ score }}.unit_code
                and criterion.status = 'scored'
        )
    )
{%- endmacro -%}
