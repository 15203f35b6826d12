"""The national portal's public form service: the monthly scores of all provinces."""

import json
from collections.abc import Mapping, Sequence

from simulator.http_messages import SourceResponse, json_response

PORTAL_PATH = "/jsp/rest.jsp"
SERVICE = "report_tinh_766_service"

# Rows of the service by month ("2025-03").
NationalRows = Mapping[str, Sequence[Mapping[str, str]]]


def answer_portal(rows: NationalRows, form: Mapping[str, str]) -> SourceResponse:
    """The rows of the month that the form's `params` ask for; a month without data has none."""
    try:
        params = json.loads(form.get("params", ""))
        month = f"{int(params['p_nam']):04d}-{int(params['p_thang']):02d}"
        service = params["service"]
        first = (int(params["pageIndex"]) - 1) * int(params["pageSize"])
        last = first + int(params["pageSize"])
    except (ValueError, KeyError, TypeError):
        return json_response(400, {"error": "params cannot be read"})
    if service != SERVICE or first < 0:
        return json_response(400, {"error": "no such service or page"})
    return json_response(200, list(rows.get(month, ()))[first:last])
