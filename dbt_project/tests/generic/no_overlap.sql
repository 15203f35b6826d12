{#- Dated rows of one key never hold on the same day. `key` may be empty: then all rows are of one
    key. -#}
{% test no_overlap(model, key=[]) %}
    with followed as (
        select
            {% for column in key -%}
                {{ column }},
            {% endfor -%}
            valid_from,
            valid_to,
            lead(valid_from) over (
                {% if key -%}
                    partition by {{ key | join(', ') }}
                {% endif -%}
                order by valid_from
            ) as next_from
        from {{ model }}
    )

    select *
    from followed
    where
        valid_to < valid_from
        or next_from <= coalesce(valid_to, 'infinity'::date)
{% endtest %}
