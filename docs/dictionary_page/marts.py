"""The marts as dbt's manifest describes them."""

from __future__ import annotations

import os
import re
import tempfile
from pathlib import Path
from typing import Any
from unittest import mock

from dbt.cli.main import dbtRunner

from docs.dictionary_page.relation import Check, Column, Relation
from service_index.publishing.relations import FORM_RELATIONS, MONTHLY_RELATIONS

SCHEMA = "marts"
_KIND = {"incremental": "table", "table": "table", "view": "view"}
_MODEL = "model"


def parse(project: Path) -> Any:
    """dbt's manifest of the project; no database is asked. Raises ValueError where it is wrong."""
    # The profile names them; parsing connects to nothing.
    nowhere = dict.fromkeys(("DBT_HOST", "DBT_USER", "DBT_DBNAME"), "nowhere")
    with tempfile.TemporaryDirectory() as folder, mock.patch.dict(os.environ, nowhere):
        places = {
            "--project-dir": project,
            "--profiles-dir": project,
            "--target-path": folder,
            "--log-path": folder,
        }
        options = [part for option in places.items() for part in map(str, option)]
        outcome = dbtRunner().invoke(["parse", "--quiet", *options])
    if not outcome.success:
        raise ValueError(f"dbt cannot read {project.name}: {outcome.exception}")
    return outcome.result


def read_marts(manifest: Any) -> list[Relation]:
    """Every model of the schema, by name. Raises ValueError where one has no key or no words."""
    models = [
        node
        for node in manifest.nodes.values()
        if node.resource_type == _MODEL and node.schema == SCHEMA
    ]
    return [_relation(manifest, model) for model in sorted(models, key=lambda node: node.name)]


def _relation(manifest: Any, model: Any) -> Relation:
    text = _one_line(model.description)
    columns = tuple(
        Column(column.name, column.data_type or "", _one_line(column.description))
        for column in model.columns.values()
    )
    silent = [column.name for column in columns if not (column.type and column.text)]
    if not text or silent:
        raise ValueError(f"{model.name}: no description of {', '.join(silent) or 'the model'}")
    tests = _tests(manifest, model)
    return Relation(
        schema=SCHEMA,
        name=model.name,
        kind=_KIND[model.config.materialized],
        grain=text.split(". ")[0].split(":")[0],
        text=text,
        columns=columns,
        key=_key(manifest, model),
        references=_references(model),
        checks=_checks(manifest, model, tests),
        feeds=(*_made_from(manifest, model), *_published_from(model.name)),
    )


def _tests(manifest: Any, model: Any) -> list[Any]:
    children = manifest.child_map[model.unique_id]
    return [manifest.nodes[child] for child in children if child.startswith("test.")]


def _generic_name(test: Any) -> str | None:
    """`primary_key` of a generic test; a test that is a file of its own has only its own name."""
    metadata = getattr(test, "test_metadata", None)
    return metadata.name if metadata else None


def _key(manifest: Any, model: Any) -> tuple[str, ...]:
    """By its constraint or its test; a view without either has the key of the mart it shows.

    Raises ValueError where no key is stated.
    """
    for constraint in model.constraints:
        if constraint.type.value == "primary_key":
            return tuple(constraint.columns)
    for test in _tests(manifest, model):
        if _generic_name(test) == "primary_key":
            return tuple(test.test_metadata.kwargs["columns"])
    shown = [
        parent
        for parent in map(manifest.nodes.get, model.depends_on.nodes)
        if parent is not None and parent.resource_type == _MODEL and parent.schema == SCHEMA
    ]
    if model.config.materialized == "view" and len(shown) == 1:
        return _key(manifest, shown[0])
    raise ValueError(f"{model.name} states no key")


def _references(model: Any) -> tuple[str, ...]:
    """Foreign keys: constraints, and what is stated of keys that a refresh cannot afford."""
    stated = [
        (constraint.columns, constraint.to, constraint.to_columns)
        for constraint in model.constraints
        if constraint.type.value == "foreign_key"
    ]
    stated += [
        (key["columns"], key["to"], key["to_columns"])
        for key in model.config.meta.get("foreign_keys", [])
    ]
    return tuple(
        f"({', '.join(columns)}) → {_bare(to)} ({', '.join(to_columns)})"
        for columns, to, to_columns in stated
    )


def _bare(to: str) -> str:
    """A constraint names the other model as dbt's Jinja does."""
    return re.sub(r"^ref\('(\w+)'\)$", r"\1", to)


def _checks(manifest: Any, model: Any, tests: list[Any]) -> tuple[Check, ...]:
    """Its data tests with their reasons, then what the unit tests of its SQL show."""
    told = []
    for test in tests:
        column = getattr(test, "column_name", None)
        name = (_generic_name(test) or test.name) + (f" of {column}" if column else "")
        reason = test.config.meta.get("reason") or test.description or ""
        told.append(Check(name, _one_line(reason)))
    unit_tests = [
        Check(test.name, _one_line(test.description or ""))
        for test in manifest.unit_tests.values()
        if test.model == model.name
    ]
    by_name = sorted(told, key=lambda check: (check.name, check.reason))
    return (*by_name, *sorted(unit_tests, key=lambda check: check.name))


def _made_from(manifest: Any, model: Any) -> list[str]:
    """Marts made from it directly, and the publications and semantic models that read it."""
    found = []
    for child in manifest.child_map[model.unique_id]:
        kind, _, name = child.partition(".")
        if kind == _MODEL and manifest.nodes[child].schema == SCHEMA:
            found.append(f"{SCHEMA}.{manifest.nodes[child].name}")
        elif kind in {"exposure", "semantic_model"}:
            found.append(f"{kind.replace('_', ' ')} {name.rpartition('.')[2]}")
    return sorted(found)


def _published_from(mart: str) -> list[str]:
    """The relations of a release that freeze it."""
    return [
        f"published.{relation.name}"
        for relation in (*MONTHLY_RELATIONS, *FORM_RELATIONS)
        if relation.mart == mart
    ]


def _one_line(text: str) -> str:
    return " ".join(text.split())
