"""Writes docs/data-dictionary.md from the dbt project and the catalogue of `published`.

    python -m docs.dictionary_page

Nothing on the page is typed a second time: `marts` is described by dbt's own manifest,
`published` by the comments, types and keys of a database that the migrations have just made.
"""
