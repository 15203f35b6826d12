"""Writes docs/criteria.md from the catalogue, the dbt descriptions and the SQL of the measures.

    python -m docs.criteria_page                       # the page
    python -m docs.criteria_page --examples-from DSN   # its sample figures from a warehouse, first

Nothing on the page is typed a second time: names, maxima and readings come from the seeds,
definitions from the dbt descriptions, SQL from the model files.
"""
