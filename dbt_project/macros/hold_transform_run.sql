{#- Before a node writes: the run that dbt was started by (the session's setting) is still the one
    that may, and none takes over until the node is done. A dbt that no transform started has no
    such setting. Named, not a source: seeds may depend on none. -#}
{%- macro hold_transform_run() -%}
    do $$
    declare
        run_id bigint
            := nullif(current_setting('service_index.transform_run_id', true), '')::bigint;
    begin
        perform from ops.transform_run
        where transform_run_id = run_id and status = 'running'
        for share;
        if run_id is not null and not found then
            raise exception 'another run has taken over from transform %', run_id;
        end if;
    end
    $$
{%- endmacro -%}
