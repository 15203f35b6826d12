"""One engine, one image and one installation for all tests here, taken down at the end."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.compose import engine
from tests.compose.installation import Installation
from tests.compose.transcript import Transcript


@pytest.fixture(scope="session")
def transcript() -> Transcript:
    return Transcript()


@pytest.fixture(scope="session")
def installation(
    transcript: Transcript, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Installation]:
    """Built and started on the small sample, everything healthy."""
    with engine.running(transcript):
        engine.provide_base_images(transcript)
        made = Installation(
            transcript,
            tmp_path_factory.mktemp("installation"),
            SERVICE_INDEX_IMAGE="service-index:under-test",
            SERVICE_INDEX_SAMPLE_SCALE="small",
            SERVICE_INDEX_RETRY_SECONDS="10",
            SERVICE_INDEX_LOST_TASK_SECONDS="60",
        )
        try:
            made.compose("build", "init")
            transcript.run("docker", "image", "ls", "service-index:under-test")
            made.up()
            yield made
        finally:
            made.down()
