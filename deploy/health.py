"""Is a part of Airflow alive? `python deploy/health.py URL [COMPONENT]`: exit status 0 if it is.

With a component's name the answer is the API server's word for it, else the answer's status is
enough. It runs every half minute in every container, so it imports next to nothing.
"""

import json
import sys
from urllib.request import urlopen

SECONDS = 5


def is_healthy(url: str, component: str | None) -> bool:
    """What `url` says; raises OSError where nobody answers."""
    with urlopen(url, timeout=SECONDS) as answer:
        said = json.load(answer) if component else {}
    return component is None or said.get(component, {}).get("status") == "healthy"


if __name__ == "__main__":
    sys.exit(0 if is_healthy(sys.argv[1], (sys.argv[2:] or [None])[0]) else 1)
