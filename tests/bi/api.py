"""Superset's own API, as the administrator."""

from __future__ import annotations

import requests

from tests.bi.conftest import Served


def signed_in(served: Served) -> requests.Session:
    session = requests.Session()
    answer = session.post(
        f"{served.address}/api/v1/security/login",
        json={"username": "admin", "password": served.password, "provider": "db"},
        timeout=60,
    )
    answer.raise_for_status()
    session.headers["Authorization"] = f"Bearer {answer.json()['access_token']}"
    token = session.get(f"{served.address}/api/v1/security/csrf_token/", timeout=60).json()
    session.headers.update({"X-CSRFToken": token["result"], "Referer": served.address})
    return session


def rows_of_a_chart(served: Served) -> int:
    """As the server gives them now, not as a cache remembers."""
    session = signed_in(served)
    charts = session.get(f"{served.address}/api/v1/dashboard/tong-quan/charts", timeout=60).json()[
        "result"
    ]
    number = next(one for one in charts if one["slice_name"] == "Điểm tổng của tỉnh")
    body = {
        "datasource": {
            "id": int(number["form_data"]["datasource"].split("__")[0]),
            "type": "table",
        },
        "queries": [{"metrics": ["units"], "columns": [], "filters": []}],
        "force": True,
    }
    answer = session.post(f"{served.address}/api/v1/chart/data", json=body, timeout=60)
    return int(answer.json()["result"][0]["data"][0]["units"])
