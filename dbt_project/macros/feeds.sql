{#- The feeds that are read by windows of their update time; the others are snapshots. -#}
{%- macro incremental_feed_names() -%}
    {{- return(['dossiers', 'payments', 'petitions', 'ratings']) -}}
{%- endmacro -%}

{%- macro incremental_feeds() -%}
    ('{{ incremental_feed_names() | join("', '") }}')
{%- endmacro -%}

{%- macro incremental_feed_count() -%}{{ incremental_feed_names() | length }}{%- endmacro -%}
