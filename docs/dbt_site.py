"""dbt's own documentation site, from a real build in a throw-away warehouse: build/dbt-docs/.

`make dbt-docs` writes it and fails where a mart or one of its columns is not on it in words.
static_index.html is the whole site in one file, to be opened without a server.
"""

from __future__ import annotations

import json
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from service_index.orchestration.dbt_build import (
    TransformError,
    build,
    dbt_environment,
    dbt_variables,
    raise_failures,
)
from service_index.settings import PROJECT_ROOT
from service_index.warehouse import embedded, migrate

PROJECT = PROJECT_ROOT / "dbt_project"
SITE = PROJECT_ROOT / "build" / "dbt-docs"
PAGE = "static_index.html"


def write(dsn: str, site: Path) -> None:
    """Build every seed and model in the empty warehouse at `dsn`, and the site in `site`.

    Raises TransformError where dbt fails.
    """
    from dbt.cli.main import dbtRunner

    site.mkdir(parents=True, exist_ok=True)
    raise_failures(
        build(dsn, PROJECT, site, "--full-refresh", "--exclude", "resource_type:test"), site
    )
    command = ["docs", "generate", "--static", "--quiet"]
    for option, path in (
        ("--project-dir", PROJECT),
        ("--profiles-dir", PROJECT),
        ("--target-path", site),
        ("--log-path", site / "logs"),
    ):
        command += [option, str(path)]
    with dbt_variables(dbt_environment(dsn)):
        outcome = dbtRunner().invoke(command)
    if not outcome.success:
        raise TransformError(f"dbt made no site: see {site / 'logs' / 'dbt.log'}")


def gaps(manifest: dict[str, Any], catalog: dict[str, Any], page: str) -> list[str]:
    """What the site lacks: marts that were not built or are not on the page, columns that the
    database has and nothing describes, or that are described and not there."""
    found = []
    for key, node in manifest["nodes"].items():
        if node["resource_type"] != "model" or node["access"] != "public":
            continue
        built = catalog["nodes"].get(key, {}).get("columns")
        described = {name: column["description"] for name, column in node["columns"].items()}
        if built is None:
            found.append(f"{node['name']} was not built")
        elif built.keys() != described.keys() or not all(described.values()):
            found.append(f"{node['name']} has columns without a description, or none with one")
        # as the page holds it: a part of JSON
        if not node["description"] or json.dumps(node["description"])[1:-1] not in page:
            found.append(f"{node['name']} is not on the page")
    return found


@contextmanager
def _empty_warehouse() -> Iterator[str]:
    # A short path: a Unix socket's may have 107 bytes at most.
    home = Path(tempfile.mkdtemp(prefix="si-"))
    home.chmod(0o755)
    try:
        dsn = embedded.database_dsn(home, "warehouse")
        migrate.upgrade(dsn)
        yield dsn
    finally:
        embedded.stop(home)
        shutil.rmtree(home, ignore_errors=True)


def main() -> None:
    """Write the site; raises SystemExit with one line where it cannot, or where it lacks a mart."""
    try:
        with _empty_warehouse() as dsn:
            write(dsn, SITE)
    except TransformError as error:
        raise SystemExit(str(error)) from error
    manifest, catalog = (
        json.loads((SITE / f"{name}.json").read_bytes()) for name in ("manifest", "catalog")
    )
    missing = gaps(manifest, catalog, (SITE / PAGE).read_text(encoding="utf-8"))
    if missing:
        raise SystemExit(f"the site has gaps: {'; '.join(missing)}")
    print(f"dbt's documentation: {(SITE / PAGE).relative_to(PROJECT_ROOT)}")  # noqa: T201


if __name__ == "__main__":
    main()
