"""The questions of docs/cookbook.md, and their answers in the small sample province.

The page is written by hand but for the answers: `make cookbook` asks every question of a
warehouse that is filled from the sample, and writes what comes out under it.
"""
