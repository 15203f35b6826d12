"""Suites as code: one module per feed, one for the batch ledger, one per mart.

A module only declares; `service_index.quality` turns the declarations into Great Expectations
classes and runs them. Nothing here imports Great Expectations, which takes seconds to import.
"""
