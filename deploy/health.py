"""Is a part of Airflow alive? `python deploy/health.py URL [COMPONENT]`: exit status 0 if it is.

With a component's name the answer is the API server's word for it, else the answer's status is
enough. It runs every half minute in every container, so it imports next to nothing.
"""

import json
import sys
from urllib.request import urlopen

SECONDS = 5


def is_healthy(url: str, component: str | None) -> bool:
    """What `url` says; raises OSError where nobody answers, ValueError where no JSON does."""
    with urlopen(url, timeout=SECONDS) as answer:  # noqa: S310 - the compose file's own address
        said = json.load(answer) if component else {}
    return component is None or said.get(component, {}).get("status") == "healthy"


def main(url: str, component: str | None = None) -> int:
    """The exit status; what is wrong goes to the engine's record of health checks."""
    try:
        return 0 if is_healthy(url, component) else 1
    except (OSError, ValueError) as reason:
        print(reason, file=sys.stderr)
        return 1


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
