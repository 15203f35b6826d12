"""Runs DAGs as the scheduler does, with nobody waiting at a terminal: a program for the tests.

It reads lines of JSON, `{"dag": …, "conf": …, "environment": …, "is_attended": …}`, and answers
each with one: the reason why the run failed, or null. Airflow is loaded once.
"""

from __future__ import annotations

import json
import os
import sys
from typing import Any

from service_index import settings
from service_index.orchestration import failures
from service_index.orchestration.local_airflow import LocalAirflow, RunFailedError


def main() -> None:
    answers = sys.stdout
    airflow = LocalAirflow(settings.load())
    is_attended = failures.is_attended
    for line in sys.stdin:
        asked: dict[str, Any] = json.loads(line)
        os.environ.update(asked["environment"])
        # The terminal's runner says that someone waits; under the scheduler nobody does.
        failures.is_attended = is_attended if asked["is_attended"] else lambda: False
        try:
            airflow.run(asked["dag"], asked["conf"])
        except RunFailedError as error:
            failed = str(error)
        else:
            failed = None
        print(json.dumps(failed), file=answers, flush=True)


if __name__ == "__main__":
    main()
