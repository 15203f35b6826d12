"""What a judge needs and no mutant changes, imported once by the server that judges are forked
from: seconds, which no mutant pays again."""

from __future__ import annotations

import dbt.adapters.postgres
import dbt.cli.main
import hypothesis
import hypothesis.strategies
import openpyxl
import psycopg
import pytest
import sqlalchemy
import upath
from universalmutator import mutator

__all__ = [
    "dbt",
    "hypothesis",
    "mutator",
    "openpyxl",
    "psycopg",
    "pytest",
    "sqlalchemy",
    "upath",
]
