{#- Business time is Asia/Ho_Chi_Minh (ICT, +07:00, no daylight saving). Every conversion between
    an instant and a business date goes through these macros and names the zone,
    so that neither the session nor the host can change a month. -#}

{#- The ICT calendar date of an instant. -#}
{%- macro ict_date(instant) -%}
    (({{ instant }}) at time zone 'Asia/Ho_Chi_Minh')::date
{%- endmacro -%}

{#- The ICT month of an instant, as its first day. -#}
{%- macro ict_month(instant) -%}
    date_trunc('month', ({{ instant }}) at time zone 'Asia/Ho_Chi_Minh')::date
{%- endmacro -%}

{#- The first instant of an ICT date. -#}
{%- macro ict_start_of(day) -%}
    (({{ day }})::timestamp at time zone 'Asia/Ho_Chi_Minh')
{%- endmacro -%}

{#- The first day of the month after a month. -#}
{%- macro next_month(month) -%}
    (({{ month }}) + interval '1 month')::date
{%- endmacro -%}

{#- The first day of a version that applies to all the time before it was first seen. A date
    that no client chokes on, unlike -infinity, and that no dossier reaches. -#}
{%- macro beginning_of_time() -%}
    date '1900-01-01'
{%- endmacro -%}

{#- The first month that a run is asked for. Marts of one month, made beside the live ones, need
    nothing of the years before: the session then says where they begin. A query, so that the
    setting is read once and not row by row. -#}
{%- macro first_month_asked() -%}
    (select {{ first_month_of_session() }})
{%- endmacro -%}

{#- Its first instant, worked out once, too. -#}
{%- macro start_asked() -%}
    (select {{ ict_start_of(first_month_of_session()) }})
{%- endmacro -%}

{%- macro first_month_of_session() -%}
    coalesce(
        nullif(current_setting('service_index.first_month', true), '')::date,
        {{ beginning_of_time() }}
    )
{%- endmacro -%}
