{#- The feeds that are read by windows of their update time; the others are snapshots. -#}
{%- macro incremental_feeds() -%}
    ('dossiers', 'payments', 'petitions', 'ratings')
{%- endmacro -%}

{%- macro incremental_feed_count() -%}4{%- endmacro -%}
