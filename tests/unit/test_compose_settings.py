"""Every setting is explained in .env.example, with the default that it has."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import pytest
from airflow.providers.openlineage import conf
from airflow.providers.openlineage.plugins.adapter import OpenLineageAdapter

from service_index.settings import PROJECT_ROOT

EXPLAINED = re.compile(r"^#([A-Z_]+)=(.*)$", re.MULTILINE)
# What compose itself reads.
OF_COMPOSE = {"COMPOSE_PROFILES", "COMPOSE_PROJECT_NAME"}


def _text(path: str) -> str:
    return (PROJECT_ROOT / path).read_text(encoding="utf-8")


def _in_compose() -> dict[str, str]:
    """The settings that docker-compose.yml reads, with their defaults."""
    found = set(re.findall(r"\$\{([A-Z_]+):-([^}]*)\}", _text("docker-compose.yml")))
    assert len(found) == len({name for name, _ in found}), "one setting, two defaults"
    assert not re.search(r"\$\{[A-Z_]+\}", _text("docker-compose.yml")), "a setting has no default"
    return dict(found)


def test_what_is_read_is_explained_and_the_other_way_round() -> None:
    in_code = re.findall(r'"(SERVICE_INDEX_[A-Z_]+)"', _text("plugins/service_index/settings.py"))
    explained = [name for name, _ in EXPLAINED.findall(_text(".env.example"))]

    assert len(explained) == len(set(explained))
    assert set(explained) == set(in_code) | set(_in_compose()) | OF_COMPOSE


def test_the_defaults_that_are_told_are_those_that_hold() -> None:
    told = dict(EXPLAINED.findall(_text(".env.example")))

    assert {name: told[name] for name in _in_compose()} == _in_compose()


def test_every_setting_of_the_code_reaches_the_containers() -> None:
    in_code = set(
        re.findall(r'"(SERVICE_INDEX_[A-Z_]+)"', _text("plugins/service_index/settings.py"))
    )
    passed = set(
        re.findall(r"^    (SERVICE_INDEX_[A-Z_]+):", _text("docker-compose.yml"), re.MULTILINE)
    )

    # The home is the image's own.
    assert passed == in_code - {"SERVICE_INDEX_HOME"}


def test_lineage_is_off_until_it_is_switched_on_and_then_goes_where_its_secret_says(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    subprocess.run([PROJECT_ROOT / "deploy" / "make-secrets", tmp_path], check=True)
    file = tmp_path / "lineage.yml"
    file.write_text(
        re.sub("^#(?=transport|  )", "", file.read_text("utf-8"), flags=re.MULTILINE), "utf-8"
    )
    monkeypatch.setenv("AIRFLOW__OPENLINEAGE__CONFIG_PATH", str(file))

    monkeypatch.setenv(
        "AIRFLOW__OPENLINEAGE__DISABLED", _in_compose()["SERVICE_INDEX_LINEAGE_DISABLED"]
    )
    assert conf.is_disabled()
    monkeypatch.setenv("AIRFLOW__OPENLINEAGE__DISABLED", "false")
    assert not conf.is_disabled()
    transport = OpenLineageAdapter().get_or_create_openlineage_client().transport
    assert transport.kind == "http"
    assert transport.url == "https://lineage.example"
    assert transport.config.auth.get_bearer() == "Bearer a-secret-word"
