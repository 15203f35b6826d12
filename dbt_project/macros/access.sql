{#- Row-level security of a table of dossiers, which a full refresh makes anew: a reader sees those
    of its own unit and of what stands below it, on the days on which the code named such a unit. -#}
{%- macro show_readers_their_own_units() -%}
    {%- if not is_incremental() -%}
        alter table {{ this }} enable row level security;
        create policy own_units on {{ this }} for select to unit_reader using (
            unit_code = any((select access.own_unit_codes())::text[])
            and coalesce(
                ((select access.own_unit_days()) ->> unit_code)::datemultirange
                @> {{ ict_date('received_at') }},
                false
            )
        );
        create policy releases on {{ this }} for select to service_index_publisher using (true)
    {%- endif -%}
{%- endmacro -%}
