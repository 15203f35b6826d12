"""The generated province on disk: made once, whole or not at all."""

import hashlib
import json
import shutil
import tempfile
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

from simulator import SAMPLE_NOTICE
from simulator.national_portal import NationalRows

SEED = 766_2025
SCALES = ("full", "small")
INDEX_FILE = "index.json"
NATIONAL_FILE = "national.json"

# Told a stage and how much of it is done, 0 to 1.
Progress = Callable[[str, float], None]


class DatasetError(Exception):
    """The folder holds no dataset that this version can serve."""


def ensure(directory: Path | str, scale: str = "full", progress: Progress | None = None) -> Path:
    """The folder `directory` with the generated province in it, made now if need be.

    Made beside the folder and renamed into place, so that it is there whole or not at all, also
    when two processes ask at once. A dataset of another version or scale is replaced; a folder
    that holds anything else is left alone with a DatasetError.
    """
    target = Path(directory).absolute()
    key = dataset_key(scale)
    if _present_key(target) == key:
        return target
    target.parent.mkdir(parents=True, exist_ok=True)
    work = Path(tempfile.mkdtemp(prefix=f".{target.name}-", dir=target.parent))
    try:
        # Imported here: serving needs none of the generator.
        from simulator.generate import generate

        counts = generate(work, scale, SEED, progress or _silent)
        index = {"notice": SAMPLE_NOTICE, "key": key, "scale": scale, "records": counts}
        text = json.dumps(index, ensure_ascii=False, indent=1)
        (work / INDEX_FILE).write_text(text + "\n", encoding="utf-8")
        work.chmod(0o755)
        _put_in_place(work, target, key)
    finally:
        shutil.rmtree(work, ignore_errors=True)
    return target


def dataset_key(scale: str) -> str:
    """What identifies the bytes of a dataset: the seed, the scale, and what it is made by."""
    if scale not in SCALES:
        raise ValueError(f"scale is one of {', '.join(SCALES)}")
    return f"{SEED}-{scale}-{_generator_digest()}"


@cache
def _generator_digest() -> str:
    """Digest of this package's code and reference data, so that a change of either shows."""
    package = Path(__file__).parent
    digest = hashlib.sha256()
    for path in sorted((*package.glob("*.py"), *package.glob("reference/*.csv"))):
        digest.update(path.read_bytes())
    return digest.hexdigest()[:16]


def read_index(directory: Path) -> dict[str, Any]:
    """The dataset's description; DatasetError when there is none."""
    try:
        content = json.loads((directory / INDEX_FILE).read_text(encoding="utf-8"))
    except (OSError, ValueError) as cause:
        raise DatasetError(f"{directory} holds no generated dataset") from cause
    if not isinstance(content, dict) or "key" not in content:
        raise DatasetError(f"{directory / INDEX_FILE} describes no dataset")
    return content


def read_national_rows(directory: Path) -> NationalRows:
    """The rows of the national form service by month."""
    rows: NationalRows = json.loads((directory / NATIONAL_FILE).read_text(encoding="utf-8"))
    return rows


def _present_key(target: Path) -> str | None:
    """Key of the dataset in `target`; None where nothing is; DatasetError for anything else."""
    if not target.exists() or (target.is_dir() and not any(target.iterdir())):
        return None
    return str(read_index(target)["key"])


def _put_in_place(work: Path, target: Path, key: str) -> None:
    while True:
        try:
            work.rename(target)
            return
        except OSError:
            present = _present_key(target)
            if present == key:
                return  # another process was quicker, with the same bytes
            if present is None:
                raise
            retired = Path(tempfile.mkdtemp(prefix=f".{target.name}-", dir=target.parent))
            target.rename(retired)
            shutil.rmtree(retired)


def _silent(stage: str, share: float) -> None:
    """Progress that nobody wants to see."""
