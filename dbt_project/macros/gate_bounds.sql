{#- Every scored month whose deliveries are judged in this run, with the bounds that hold on its
    last day, one column each. -#}
{%- macro gate_bounds(codes) -%}
    {%- set touched = ref('int_touched_delivery_month') -%}
    select
        period.period_month,
        period.period_end,
        period.last_day
        {%- for code in codes %},
            max(bound.value) filter (where bound.bound_code = '{{ code }}') as {{ code }}
        {%- endfor %}
    from {{ ref('int_period') }} as period
    left join {{ ref('gate_bounds') }} as bound
        on period.last_day between bound.valid_from and coalesce(bound.valid_to, 'infinity'::date)
    {% if is_incremental() -%}
    where period.period_month in (select touched.period_month from {{ touched }} as touched)
    {%- endif %}
    group by period.period_month, period.period_end, period.last_day
{%- endmacro -%}


{#- A day counts as read at its time when it began this many days before the landing at most: the
    daily run comes two hours after its end, and has the next night as well. -#}
{%- macro fresh_within_days() -%}3{%- endmacro -%}


{#- Pre-hook of the model that is keyed by batch. -#}
{%- macro retire_batches_in_scope() -%}
    {%- if is_incremental() -%}
        delete from {{ this }}
        where batch_id in (select batch_id from {{ source('ops', 'transform_scope') }})
    {%- endif -%}
{%- endmacro -%}


{#- The first instant whose deliveries bear on a month that is asked for: a day is held against
    those of so many days before its month at most. -#}
{%- macro first_delivery_asked() -%}
    (
        select {{ ict_start_of(first_month_of_session() ~ ' - coalesce(sum(bound.value), 0)::integer') }}
        from {{ ref('gate_bounds') }} as bound
        where bound.bound_code in (
            'volume_history_days', 'silence_history_days', 'silence_gap_days'
        )
    )
{%- endmacro -%}
